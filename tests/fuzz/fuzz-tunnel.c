/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-fuzz"

#include "config.h"

#include <string.h>

#include "base/wherry-limits.h"
#include "fuzz/fuzz.h"
#include "transport/wherry-frame-stream.h"
#include "wire/wherry-tunnel-frame.h"

/* Frames for a tunnel that was greeted: whatever comes, no more is held than was given credit for,
 * no message is larger than was said, and what is answered can be parsed. */

typedef struct
{
  WherryStreamTransport *stream;
  gsize out;
  guint n_messages;
} Tunnel;

static void
on_output (gpointer user_data, GBytes *frames)
{
  Tunnel *self = user_data;
  gsize length;
  const guint8 *data = g_bytes_get_data (frames, &length);

  g_assert_cmpuint (length, >, 0);
  while (length > 0)
    {
      WherryTunnelFrame frame;
      gsize used;

      g_assert_true (wherry_tunnel_frame_parse (&frame, data, length, &used, NULL));
      data += used;
      length -= used;
      self->out++;
    }
  g_bytes_unref (frames);
}

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  Tunnel *self = user_data;

  g_assert_cmpuint (wherry_message_get_length (message), <=, WHERRY_MAX_MESSAGE_SIZE_DEFAULT);
  /* some are answered, some hold up the reader */
  if (++self->n_messages % 3 == 0)
    wherry_stream_transport_reset_stream (self->stream, stream);
  if (self->n_messages % 7 == 0)
    wherry_stream_transport_set_paused (self->stream, TRUE);
  else
    wherry_stream_transport_send (self->stream, stream, NULL, message);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const WherryFrameStreamCarrier carrier = { .output = on_output };
  static const WherryStreamTransportEvents events = { .message = on_message };
  static const guint8 hello[] = { 0, 0, 0, 0, 0, 0, 0, 9, 1, 0, 4, 0, 0, 0, 4, 0, 0 };
  g_autoptr (WherryBudget) budget = wherry_budget_new (WHERRY_MEMORY_BUDGET);
  Tunnel tunnel = { NULL };
  WherryFrameStream *stream
      = wherry_frame_stream_new (WHERRY_MAX_MESSAGE_SIZE_DEFAULT, budget, &carrier, &tunnel);

  tunnel.stream = WHERRY_STREAM_TRANSPORT (stream);
  wherry_stream_transport_set_events (tunnel.stream, &events, &tunnel);
  /* an odd first byte: without the greeting */
  if (size > 0 && data[0] % 2 == 0)
    wherry_frame_stream_input (stream, hello, sizeof hello);
  if (size > 1)
    wherry_frame_stream_input (stream, data + 1, size - 1);
  wherry_stream_transport_set_paused (tunnel.stream, FALSE);
  g_object_unref (stream);
  g_assert_cmpuint (wherry_budget_get_used (budget), ==, 0);
  return 0;
}
