# sio::llhttp, from the first of: LLHTTP_SOURCE_DIR (sources that llhttp generated), a system library,
# the sources that Debian's node-llhttp installs. Sources are compiled into the core, without our
# warning flags.

set(LLHTTP_SOURCE_DIR "" CACHE PATH "Folder with llhttp's C sources (llhttp.c, api.c, http.c)")

if(NOT LLHTTP_SOURCE_DIR)
  sio_dependency(LLHTTP HEADER llhttp.h LIBRARY llhttp MODULE libllhttp PACKAGE libllhttp-dev OPTIONAL)
endif()

if(NOT TARGET sio::llhttp)
  if(LLHTTP_SOURCE_DIR)
    set(where PATHS "${LLHTTP_SOURCE_DIR}" PATH_SUFFIXES src include NO_DEFAULT_PATH)
  else()
    set(where PATHS ${CMAKE_PREFIX_PATH} ${CMAKE_SYSTEM_PREFIX_PATH} PATH_SUFFIXES
              share/llhttp share/include/llhttp)
  endif()
  find_path(LLHTTP_SOURCES llhttp.c ${where})
  find_path(LLHTTP_SOURCES_INCLUDE_DIR llhttp.h ${where})
  mark_as_advanced(LLHTTP_SOURCES LLHTTP_SOURCES_INCLUDE_DIR)

  if(NOT LLHTTP_SOURCES OR NOT LLHTTP_SOURCES_INCLUDE_DIR)
    message(
      FATAL_ERROR
        "llhttp not found. Install a package that has it (Debian: node-llhttp, or libllhttp-dev where "
        "it exists) or give its C sources: -DLLHTTP_SOURCE_DIR=<folder with llhttp.c and llhttp.h>.")
  endif()

  add_library(sio_llhttp OBJECT "${LLHTTP_SOURCES}/llhttp.c" "${LLHTTP_SOURCES}/api.c"
                                "${LLHTTP_SOURCES}/http.c")
  target_include_directories(sio_llhttp SYSTEM PUBLIC "${LLHTTP_SOURCES_INCLUDE_DIR}")
  # The sources are lenient without it; the header must agree with them.
  target_compile_definitions(sio_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
  add_library(sio::llhttp ALIAS sio_llhttp)
endif()
