/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "sctp-pair.h"
#include "sctp/wherry-sctp-runtime.h"

const WherrySendOptions send_reliable = { .ordered = TRUE, .reliability = WHERRY_RELIABLE };

static gboolean
is_final (WherryTransportState state)
{
  return state == WHERRY_TRANSPORT_FAILED || state == WHERRY_TRANSPORT_CLOSED;
}

static void
on_state (gpointer user_data, WherryTransportState state, const GError *error)
{
  Side *side = user_data;

  if (is_final (side->state))
    side->events_after_end++;
  side->state = state;
  g_clear_error (&side->error);
  if (error != NULL)
    side->error = g_error_copy (error);
  if (side->on_state != NULL)
    side->on_state (side, state);
}

static void
on_message (gpointer user_data, guint16 stream, WherryMessage *message)
{
  Side *side = user_data;

  if (is_final (side->state))
    side->events_after_end++;
  side->n_received++;
  side->bytes_received += wherry_message_get_length (message);
  if (side->keep)
    {
      Received received = { stream, wherry_message_ref (message) };

      g_array_append_val (side->received, received);
    }
  if (side->on_message != NULL)
    side->on_message (side, stream, message);
}

static void
on_incoming_reset (gpointer user_data, guint16 stream)
{
  Side *side = user_data;

  g_array_append_val (side->incoming_resets, stream);
}

static void
on_outgoing_reset (gpointer user_data, guint16 stream)
{
  Side *side = user_data;

  g_array_append_val (side->outgoing_resets, stream);
}

static void
on_writable (gpointer user_data)
{
  Side *side = user_data;

  side->n_writable++;
  if (side->on_writable != NULL)
    side->on_writable (side);
}

static void
on_streams (gpointer user_data, guint n)
{
  Side *side = user_data;

  side->streams = n;
  side->n_streams_events++;
}

static const WherryStreamTransportEvents events = {
  .state = on_state,
  .message = on_message,
  .incoming_reset = on_incoming_reset,
  .outgoing_reset = on_outgoing_reset,
  .writable = on_writable,
  .streams = on_streams,
};

static void
received_clear (gpointer data)
{
  wherry_message_unref (((Received *) data)->message);
}

void
side_listen (Side *side, gboolean on)
{
  wherry_stream_transport_set_events (side->transport, on ? &events : NULL, side);
}

void
side_init (Side *side, WherryFakeLink *link, GMainContext *context, const WherrySctpConfig *config)
{
  *side = (Side){ .link = link, .keep = TRUE };
  side->received = g_array_new (FALSE, FALSE, sizeof (Received));
  g_array_set_clear_func (side->received, received_clear);
  side->incoming_resets = g_array_new (FALSE, FALSE, sizeof (guint16));
  side->outgoing_resets = g_array_new (FALSE, FALSE, sizeof (guint16));
  side->transport = WHERRY_STREAM_TRANSPORT (
      wherry_sctp_association_new (WHERRY_PACKET_TRANSPORT (link), context, config));
  side_listen (side, TRUE);
}

void
side_clear (Side *side, GMainContext *context)
{
  gpointer transport = side->transport;
  gpointer link = side->link;

  wherry_stream_transport_close (side->transport);
  g_object_add_weak_pointer (G_OBJECT (transport), &transport);
  g_object_unref (side->transport);
  WHERRY_WAIT_UNTIL (context, transport == NULL);

  g_object_add_weak_pointer (G_OBJECT (link), &link);
  g_object_unref (side->link);
  WHERRY_WAIT_UNTIL (context, link == NULL);

  g_assert_cmpuint (side->events_after_end, ==, 0);
  g_array_unref (side->received);
  g_array_unref (side->incoming_resets);
  g_array_unref (side->outgoing_resets);
  g_clear_error (&side->error);
}

void
side_forget_received (Side *side)
{
  g_array_set_size (side->received, 0);
  side->n_received = 0;
  side->bytes_received = 0;
}

Received *
side_nth (Side *side, guint i)
{
  g_assert_cmpuint (i, <, side->received->len);
  return &g_array_index (side->received, Received, i);
}

void
pair_init (Pair *pair, const WherryFakeLinkOptions *options, const WherrySctpConfig *given)
{
  WherrySctpConfig both = given != NULL ? *given : (WherrySctpConfig){ 0 };
  const WherrySctpConfig *config = &both;
  WherryFakeLink *a;
  WherryFakeLink *b;

  /* most tests run a second time, with plain DATA chunks */
  if (g_getenv ("WHERRY_TEST_NO_INTERLEAVING") != NULL)
    both.no_interleaving = TRUE;
  pair->context = g_main_context_ref (g_main_context_default ());
  wherry_fake_link_new_pair (options, pair->context, pair->context, &a, &b);
  side_init (&pair->a, a, pair->context, config);
  side_init (&pair->b, b, pair->context, config);
}

void
pair_wait_connected (Pair *pair)
{
  WHERRY_WAIT_UNTIL (pair->context, pair->a.state == WHERRY_TRANSPORT_CONNECTED
                                        && pair->b.state == WHERRY_TRANSPORT_CONNECTED);
}

void
pair_clear (Pair *pair)
{
  side_clear (&pair->a, pair->context);
  side_clear (&pair->b, pair->context);
  g_main_context_unref (pair->context);
  g_assert_cmpuint (wherry_sctp_runtime_get_n_endpoints (), ==, 0);
  g_assert_cmpuint (wherry_sctp_runtime_get_n_sockets (), ==, 0);
}

WherryMessage *
make_message (WherryMessageKind kind, gsize length, guint32 seed)
{
  guint8 *data = g_malloc (MAX (length, 1));

  for (gsize i = 0; i < length; i++)
    {
      seed = seed * 1664525u + 1013904223u;
      data[i] = (guint8) (seed >> 24);
    }
  return wherry_message_new_take (kind, data, length, NULL);
}

void
assert_message (WherryMessage *message, WherryMessageKind kind, gsize length, guint32 seed)
{
  WherryMessage *expected = make_message (kind, length, seed);
  gsize got_length;
  const guint8 *got = wherry_message_get_data (message, &got_length);
  const guint8 *data = wherry_message_get_data (expected, &length);

  g_assert_cmpint (wherry_message_get_kind (message), ==, kind);
  g_assert_cmpmem (got, got_length, data, length);
  wherry_message_unref (expected);
}

void
send_all (Pair *pair, Side *from, guint16 stream, const WherrySendOptions *options,
          WherryMessage *message)
{
  for (;;)
    {
      guint before = from->n_writable;
      WherrySendResult result
          = wherry_stream_transport_send (from->transport, stream, options, message);

      if (result == WHERRY_SEND_OK)
        return;
      g_assert_cmpint (result, ==, WHERRY_SEND_BLOCKED);
      WHERRY_WAIT_UNTIL (pair->context, from->n_writable > before);
    }
}

void
send_made (Pair *pair, Side *from, guint16 stream, const WherrySendOptions *options,
           WherryMessageKind kind, gsize length, guint32 seed)
{
  WherryMessage *message = make_message (kind, length, seed);

  send_all (pair, from, stream, options, message);
  wherry_message_unref (message);
}

int
run_and_shut_down (void)
{
  int result = g_test_run ();

  g_assert_cmpuint (wherry_sctp_runtime_get_n_endpoints (), ==, 0);
  g_assert_cmpuint (wherry_sctp_runtime_get_n_sockets (), ==, 0);
  g_assert_true (wherry_sctp_runtime_shutdown ());
  return result;
}
