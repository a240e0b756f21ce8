# Embeds the official browser client (npm package socket.io-client) into sio_core, to be handed out
# below the server's path: each file as it is, and compressed with brotli where the program is there.
#
# SIO_CLIENT_DIR is the package's folder dist; its version stands in ../package.json. `npm ci` in
# cmake/client puts it where it is looked for. Without it the library works, and answers these paths
# with 404.

set(SIO_CLIENT_DIR "${PROJECT_SOURCE_DIR}/cmake/client/node_modules/socket.io-client/dist"
    CACHE PATH "Folder dist of the npm package socket.io-client")

set(names socket.io.js socket.io.min.js socket.io.esm.min.js socket.io.msgpack.min.js)
set(maps ${names})
list(TRANSFORM maps APPEND .map)
list(APPEND names ${maps})

set(missing "")
foreach(file ../package.json ${names})
  if(NOT EXISTS "${SIO_CLIENT_DIR}/${file}")
    list(APPEND missing "${file}")
  endif()
endforeach()
if(missing)
  message(STATUS "No client files in ${SIO_CLIENT_DIR}: the server will not hand out socket.io.js. "
                 "Run `npm ci` in cmake/client, or set SIO_CLIENT_DIR.")
  set(version "")
else()
  file(READ "${SIO_CLIENT_DIR}/../package.json" package)
  string(JSON version GET "${package}" version)
  message(STATUS "Client files: socket.io-client ${version}")
endif()

find_program(SIO_BROTLI brotli)
mark_as_advanced(SIO_BROTLI)

set(folder "${PROJECT_BINARY_DIR}/client")
file(MAKE_DIRECTORY "${folder}")
set(embedded "")
set(inputs "")
set(entries "")
foreach(name IN LISTS names)
  string(MAKE_C_IDENTIFIER "${name}" id)
  set(plain "{NULL, NULL}")
  set(brotli "{NULL, NULL}")
  if(NOT missing)
    set(file "${SIO_CLIENT_DIR}/${name}")
    list(APPEND inputs "${file}")
    string(APPEND embedded "EMBED(${id}, \"${file}\")\n")
    set(plain "{${id}, ${id}_end}")
    if(SIO_BROTLI)
      add_custom_command(OUTPUT "${folder}/${name}.br"
                         COMMAND "${SIO_BROTLI}" --best --force --no-copy-stat # or it is old at once
                                 "--output=${folder}/${name}.br" "${file}"
                         DEPENDS "${file}" VERBATIM)
      list(APPEND inputs "${folder}/${name}.br")
      string(APPEND embedded "EMBED(${id}_br, \"${folder}/${name}.br\")\n")
      set(brotli "{${id}_br, ${id}_br_end}")
    endif()
  endif()
  string(APPEND entries "    {\"${name}\", ${plain}, ${brotli}},\n")
endforeach()

configure_file("${CMAKE_CURRENT_LIST_DIR}/client_data.c.in" "${folder}/client_data.c" @ONLY)
set_source_files_properties("${folder}/client_data.c" PROPERTIES OBJECT_DEPENDS "${inputs}")
target_sources(sio_core_objects PRIVATE "${folder}/client_data.c")
