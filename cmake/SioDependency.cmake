# sio_dependency(<NAME> HEADER <file> LIBRARY <name> MODULE <pkg-config> PACKAGE <Debian package>
#                [OPTIONAL])
#
# Defines the imported target sio::<name> (lower case) from a header and a library that are on this
# machine. -D<NAME>_DIR=<prefix> looks there first. Nothing is ever downloaded. A missing dependency
# ends the configuration; with OPTIONAL, it only leaves the target undefined.

find_package(PkgConfig QUIET)

function(sio_dependency name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "OPTIONAL" "HEADER;LIBRARY;MODULE;PACKAGE" "")
  string(TOLOWER "${name}" lower)

  if(PkgConfig_FOUND AND arg_MODULE)
    pkg_check_modules(PC_${name} QUIET "${arg_MODULE}")
  endif()
  find_path(${name}_INCLUDE_DIR "${arg_HEADER}"
            HINTS "${${name}_DIR}" "${${name}_INCDIR}" ${PC_${name}_INCLUDE_DIRS}
            PATH_SUFFIXES include)
  find_library(${name}_LIBRARY "${arg_LIBRARY}"
               HINTS "${${name}_DIR}" "${${name}_LIBDIR}" ${PC_${name}_LIBRARY_DIRS}
               PATH_SUFFIXES lib lib64)
  mark_as_advanced(${name}_INCLUDE_DIR ${name}_LIBRARY)

  if(${name}_INCLUDE_DIR AND ${name}_LIBRARY)
    add_library(sio::${lower} UNKNOWN IMPORTED)
    set_target_properties(
      sio::${lower} PROPERTIES IMPORTED_LOCATION "${${name}_LIBRARY}"
                               INTERFACE_INCLUDE_DIRECTORIES "${${name}_INCLUDE_DIR}")
  elseif(NOT arg_OPTIONAL)
    message(
      FATAL_ERROR
        "${arg_HEADER} or library '${arg_LIBRARY}' not found. Install the package that has them "
        "(Debian: ${arg_PACKAGE}) or say where they are: -D${name}_DIR=<prefix>.")
  endif()
endfunction()
