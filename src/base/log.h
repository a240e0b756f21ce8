/*
 * Debug log: one sink for each server. The library writes to no stream of its own; the binding
 * gives a sink when SOCKETIO_DEBUG asks for it (areas: http, ws, engine, socket, ...), else NULL.
 */
#ifndef SIO_BASE_LOG_H
#define SIO_BASE_LOG_H

typedef struct sio_log {
  void (*write)(void *ctx, const char *area, const char *line); /* borrows both */
  void *ctx;
} sio_log;

/* Formats as printf does and hands the line to the sink; nothing when log or its sink is NULL. */
void sio_logf(const sio_log *log, const char *area, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
