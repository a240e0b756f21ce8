# The module socketio/core.so, and sio_lua, its objects, for the tests that drive the binding.

find_path(LUA_INCLUDE_DIR lua.h
          HINTS "${LUA_INCDIR}" "${LUA_DIR}"
          PATH_SUFFIXES include include/lua5.4 include/lua-5.4 include/lua54 lua5.4 lua-5.4 lua54 lua)
mark_as_advanced(LUA_INCLUDE_DIR)
if(NOT LUA_INCLUDE_DIR)
  message(FATAL_ERROR "lua.h not found. Install Lua's headers (Debian: liblua5.4-dev) or say where "
                      "they are: -DLUA_INCDIR=<folder>.")
endif()
file(STRINGS "${LUA_INCLUDE_DIR}/lua.h" lua_version REGEX "^#define[ \t]+LUA_VERSION_NUM[ \t]+504")
if(NOT lua_version)
  message(FATAL_ERROR "${LUA_INCLUDE_DIR}/lua.h is not Lua 5.4's. Install that (Debian: "
                      "liblua5.4-dev) or say where its headers are: -DLUA_INCDIR=<folder>. "
                      "LuaRocks chooses with --lua-version=5.4.")
endif()

file(GLOB sio_lua_sources CONFIGURE_DEPENDS src/lua/*.c)
list(FILTER sio_lua_sources EXCLUDE REGEX "/embedded[.]c$") # of the static library alone
add_library(sio_lua OBJECT ${sio_lua_sources})
sio_target(sio_lua)
target_include_directories(sio_lua PRIVATE "${PROJECT_SOURCE_DIR}/include")
target_include_directories(sio_lua SYSTEM PUBLIC "${LUA_INCLUDE_DIR}")
target_compile_definitions(sio_lua PRIVATE SIO_VERSION="${PROJECT_VERSION}")
target_link_libraries(sio_lua PUBLIC sio_core)

add_library(socketio MODULE)
target_link_libraries(socketio PRIVATE sio_lua)
set_target_properties(
  socketio PROPERTIES PREFIX "" SUFFIX ".so" OUTPUT_NAME core
                      LIBRARY_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/socketio")

# The symbols of Lua come from the program that loads the module, never from a second copy of Lua.
if(APPLE)
  target_link_options(socketio PRIVATE -undefined dynamic_lookup)
elseif(UNIX)
  target_link_options(socketio PRIVATE -Wl,-z,relro,-z,now)
endif()
install(TARGETS socketio LIBRARY DESTINATION "${LIBDIR}/socketio")

# Sets LUA_LIBRARY: for executables, which nobody gives Lua's symbols.
macro(sio_find_liblua)
  if(NOT LUA_LIBRARY)
    find_library(LUA_LIBRARY NAMES lua5.4 lua-5.4 lua54 lua HINTS "${LUA_LIBDIR}" "${LUA_DIR}/lib")
    mark_as_advanced(LUA_LIBRARY)
  endif()
  if(NOT LUA_LIBRARY)
    message(FATAL_ERROR "liblua5.4 not found. Install it (Debian: liblua5.4-dev) or say where it is: "
                        "-DLUA_LIBRARY=<file>.")
  endif()
endmacro()

# sio_liblua(<target>): for executables that drive the binding.
function(sio_liblua target)
  sio_find_liblua()
  target_link_libraries(${target} PRIVATE sio_lua "${LUA_LIBRARY}" m ${CMAKE_DL_LIBS})
endfunction()
