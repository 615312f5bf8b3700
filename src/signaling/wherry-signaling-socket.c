/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include <string.h>

#include "base/wherry-counters.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "signaling/wherry-signaling-session.h"
#include "signaling/wherry-signaling-socket.h"

/* What a socket may send before reading waits: above the session's own rates, which answer with an
 * error, so that only a flood is held back in TCP. */
#define READ_RATE (4 * WHERRY_SIGNAL_RATE_BYTES)
#define READ_BURST (4 * WHERRY_SIGNAL_BURST_BYTES)

#define PINGS_MISSED_MAX 2

struct _WherrySignalingSocket
{
  /* hub thread only */
  SoupWebsocketConnection *connection;
  WherryCountedStream *stream;
  WherrySignalingSession *session;
  guint unanswered; /* pings since the last pong */
  void (*closed) (WherrySignalingSocket *socket, gpointer user_data);
  gpointer closed_data;
};

static void
write_frame (WherrySignalingSocket *self, SoupWebsocketDataType type, GBytes *bytes)
{
  gsize length = g_bytes_get_size (bytes);
  gsize header = length < 126 ? 2 : length < 65536 ? 4 : 10; /* RFC 6455 section 5.2 */

  if (wherry_counted_stream_is_aborted (self->stream)
      || soup_websocket_connection_get_state (self->connection) != SOUP_WEBSOCKET_STATE_OPEN)
    return;

  wherry_counted_stream_note_queued (self->stream, header + length);
  if (wherry_counted_stream_get_queued (self->stream) > WHERRY_SIGNAL_OUT_MAX)
    {
      wherry_counter_inc (WHERRY_COUNTER_SOCKETS_REFUSED);
      wherry_info (NULL, "Closed a signaling socket that does not read: %u bytes were waiting",
                   WHERRY_SIGNAL_OUT_MAX);
      wherry_counted_stream_abort (self->stream);
      return;
    }
  soup_websocket_connection_send_message (self->connection, type, bytes);
}

static void
on_session_send (gpointer user_data, char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

  write_frame (user_data, SOUP_WEBSOCKET_DATA_TEXT, bytes);
}

/* The channels that go this way have credit of their own, for what they read too. */
static void
on_session_send_binary (gpointer user_data, GBytes *frames)
{
  WherrySignalingSocket *self = user_data;

  wherry_counted_stream_set_read_rate (self->stream, 0, 0);
  write_frame (self, SOUP_WEBSOCKET_DATA_BINARY, frames);
}

static void
on_session_close (gpointer user_data, guint code, const char *reason)
{
  WherrySignalingSocket *self = user_data;

  if (soup_websocket_connection_get_state (self->connection) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (self->connection, (gushort) code, reason);
}

static const WherrySignalingSink session_sink = {
  .send = on_session_send,
  .send_binary = on_session_send_binary,
  .close = on_session_close,
};

static void
on_message (SoupWebsocketConnection *connection, SoupWebsocketDataType type, GBytes *message,
            WherrySignalingSocket *self)
{
  gsize length;
  const char *data = g_bytes_get_data (message, &length);

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    wherry_signaling_session_receive (self->session, data != NULL ? data : "", length);
  else
    wherry_signaling_session_receive_binary (self->session, message);
}

static void
on_pong (SoupWebsocketConnection *connection, GBytes *payload, WherrySignalingSocket *self)
{
  self->unanswered = 0;
}

static void
on_closed (SoupWebsocketConnection *connection, WherrySignalingSocket *self)
{
  self->closed (self, self->closed_data);
}

WherrySignalingSocket *
wherry_signaling_socket_new (WherryRelayHub *relay, WherryJoinLimit *joins,
                             SoupWebsocketConnection *connection, WherryCountedStream *stream,
                             const char *address, WherryClock *clock,
                             void (*closed) (WherrySignalingSocket *socket, gpointer user_data),
                             gpointer user_data)
{
  WherrySignalingSocket *self = g_new0 (WherrySignalingSocket, 1);

  self->connection = g_object_ref (connection);
  self->stream = g_object_ref (stream);
  self->closed = closed;
  self->closed_data = user_data;
  self->session = wherry_signaling_session_new (relay, joins, address, clock, &session_sink, self);

  soup_websocket_connection_set_max_incoming_payload_size (connection, WHERRY_SIGNAL_MESSAGE_MAX);
  wherry_counted_stream_begin_frames (stream, WHERRY_SIGNAL_MESSAGE_MAX);
  wherry_counted_stream_set_read_limit (stream, 0);
  wherry_counted_stream_set_read_rate (stream, READ_RATE, READ_BURST);
  g_signal_connect (connection, "message", G_CALLBACK (on_message), self);
  g_signal_connect (connection, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (connection, "closed", G_CALLBACK (on_closed), self);
  return self;
}

void
wherry_signaling_socket_set_admission (WherrySignalingSocket *self, WherryAdmission *admission,
                                       gboolean is_local)
{
  wherry_signaling_session_set_admission (self->session, admission, is_local);
}

void
wherry_signaling_socket_free (WherrySignalingSocket *self)
{
  g_signal_handlers_disconnect_by_data (self->connection, self);
  wherry_signaling_session_free (self->session);
  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_free (self);
}

void
wherry_signaling_socket_ping (WherrySignalingSocket *self)
{
  if (self->unanswered >= PINGS_MISSED_MAX)
    {
      wherry_debug (NULL, "Closed a signaling socket that answered no ping");
      wherry_counted_stream_abort (self->stream);
      return;
    }
  self->unanswered++;
  wherry_counted_stream_ping (self->stream);
}

void
wherry_signaling_socket_shutdown (WherrySignalingSocket *self)
{
  wherry_signaling_session_shutdown (self->session);
}

void
wherry_signaling_socket_end_waiting (WherrySignalingSocket *self)
{
  wherry_signaling_session_end_waiting (self->session);
}

void
wherry_signaling_socket_abort (WherrySignalingSocket *self)
{
  wherry_counted_stream_abort (self->stream);
}
