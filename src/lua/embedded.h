/* The Lua half of the module, as the build has embedded it (cmake/SioStatic.cmake). */
#ifndef SIO_LUA_EMBEDDED_H
#define SIO_LUA_EMBEDDED_H

typedef struct sio_script {
  const char *name; /* as require knows it; NULL: behind the last */
  const char *base, *end;
} sio_script;

extern const sio_script sio_scripts[];

#endif
