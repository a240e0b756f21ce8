# Instruments all that is compiled after this point for libFuzzer.

if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "SIO_BUILD_FUZZERS needs clang: -DCMAKE_C_COMPILER=clang.")
endif()
add_compile_options(-g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined
                    -fno-sanitize-recover=undefined)
add_link_options(-fsanitize=address,undefined)
