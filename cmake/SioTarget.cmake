# sio_target(<target>): the language, warnings and hardening of everything that is ours.

function(sio_target target)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE SIO_VERSION="${PROJECT_VERSION}")
  target_compile_options(
    ${target}
    PRIVATE -Wall
            -Wextra
            -Wshadow
            -Wconversion
            -Wstrict-prototypes
            -Wmissing-prototypes
            -Wvla
            $<$<BOOL:${SIO_WERROR}>:-Werror>
            # The sanitizer builds are Debug: fortified calls would hide what they look for.
            $<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE
            -D_FORTIFY_SOURCE=2
            -fstack-protector-strong>)
endfunction()

# sio_oracle(<target> <source>): links libwslay to a test that includes it to compare with.
function(sio_oracle target source)
  file(STRINGS "${source}" uses REGEX "^#include .wslay/")
  if(NOT uses)
    return()
  endif()
  if(NOT TARGET sio::wslay)
    sio_dependency(WSLAY HEADER wslay/wslay.h LIBRARY wslay PACKAGE libwslay-dev)
  endif()
  target_link_libraries(${target} PRIVATE sio::wslay)
endfunction()
