/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A client's TCP connection as libsoup gets it, with what libsoup does not do: it counts, it stops
 * reading from a client that does not take what was written to it or that sends too fast, it ends a
 * request that grows without end, and it can be cut off at once.
 *
 * libsoup writes what it can and queues the rest without bound or telling. So whoever sends says
 * how much (note_queued()), this counts what went out, and the difference is what waits. libsoup
 * also answers WebSocket pings by itself and reads as long as there is something to read; both are
 * bounded here, because nothing is read while writing is blocked, and a little at a time
 * otherwise. Everything: Thread: hub */

#include <gio/gio.h>

#include "base/wherry-clock.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_COUNTED_STREAM (wherry_counted_stream_get_type ())
G_DECLARE_FINAL_TYPE (WherryCountedStream, wherry_counted_stream, WHERRY, COUNTED_STREAM, GIOStream)

typedef void (*WherryCountedStreamFunc) (WherryCountedStream *stream, gpointer user_data);

/* socket: connected, made non-blocking. clock: (nullable) the system's. */
WherryCountedStream *wherry_counted_stream_new (GSocket *socket, WherryClock *clock);

/* Called once, when the stream is closed or finalized, whichever is first. */
void wherry_counted_stream_set_closed_func (WherryCountedStream *self, WherryCountedStreamFunc func,
                                            gpointer user_data);

/* The stream begins as HTTP, of which libsoup is given one line at a time, so that it has read no
 * byte of what follows the request. From here on it is WebSocket frames: a message larger than this
 * ends it, with a close frame 1009 where possible. */
void wherry_counted_stream_begin_frames (WherryCountedStream *self, gsize message_max);
/* From now on at most this many bytes are read, then the stream ends; 0: any number. */
void wherry_counted_stream_set_read_limit (WherryCountedStream *self, gsize bytes);
/* Read no faster than this: what comes faster waits in the sender. 0: as fast as it comes. */
void wherry_counted_stream_set_read_rate (WherryCountedStream *self, guint64 bytes_per_second,
                                          guint64 burst);

/* Bytes that somebody handed to libsoup to be written. */
void wherry_counted_stream_note_queued (WherryCountedStream *self, gsize bytes);
/* Those of them that the socket has not taken. */
gsize wherry_counted_stream_get_queued (WherryCountedStream *self);

guint64 wherry_counted_stream_get_bytes_read (WherryCountedStream *self);
guint64 wherry_counted_stream_get_bytes_written (WherryCountedStream *self);

/* A WebSocket ping, unless a frame is stuck on its way out. */
void wherry_counted_stream_ping (WherryCountedStream *self);
/* Write text past libsoup as far as the socket takes it (a last word before abort()). */
void wherry_counted_stream_write_last (WherryCountedStream *self, const char *text);
/* Cut it off: whoever reads sees the end, whoever writes an error. Safe to repeat. */
void wherry_counted_stream_abort (WherryCountedStream *self);
gboolean wherry_counted_stream_is_aborted (WherryCountedStream *self);

G_END_DECLS
