/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-close.html and RTCDataChannel-GC.html see, on our channels. */

static void
test_closing_then_closed (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->b->n_closed == 1);
  g_assert_cmpint (wherry_data_channel_get_ready_state (f->b->channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CLOSED);
  g_assert_cmpuint (f->b->n_closing, ==, 1);
  g_assert_cmpuint (f->b->n_errors, ==, 0);
  g_assert_cmpuint (f->a->n_closing, ==, 0);
  channel_pair_free (f);
}

static void
on_error (WherryDataChannel *channel, const GError *error, gpointer data)
{
  g_set_error_literal ((GError **) data, error->domain, error->code, error->message);
}

/* That the error comes first is seen by the fixture. */
static void
test_connection_close_is_an_error (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);
  g_autoptr (GError) error = NULL;

  g_signal_connect (f->b->channel, "error", G_CALLBACK (on_error), &error);
  wherry_peer_connection_close (f->pair->a.connection);
  WHERRY_WAIT_UNTIL (NULL, f->b->n_closed == 1);
  g_assert_cmpuint (f->b->n_errors, ==, 1);
  g_assert_true (error != NULL && error->domain == WHERRY_ERROR);
  g_signal_handlers_disconnect_by_data (f->b->channel, &error);
  channel_pair_free (f);
}

static WherryDtlsTransportState
get_dtls_state (PairEnd *end)
{
  return wherry_dtls_transport_get_state (
      wherry_sctp_transport_get_transport (wherry_peer_connection_get_sctp (end->connection)));
}

/* The other connection sees the end of the first one; by then any event would have come. */
static void
test_nothing_after_both_closed (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);

  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_closed == 1 && f->b->n_closed == 1);
  wherry_peer_connection_close (f->pair->a.connection);
  WHERRY_WAIT_UNTIL (NULL, get_dtls_state (&f->pair->b) != WHERRY_DTLS_TRANSPORT_STATE_CONNECTED);
  for (guint i = 0; i < 20; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (f->a->n_closed, ==, 1);
  g_assert_cmpuint (f->b->n_closed, ==, 1);
  g_assert_cmpuint (f->a->n_errors + f->b->n_errors, ==, 0);
  channel_pair_free (f);
}

static void
count (WherryDataChannel *channel, gpointer data)
{
  (*(guint *) data)++;
}

/* Nobody but the connections holds the channels: what is connected to them is still told. */
static void
test_kept_without_a_reference (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) made = make_channel (&pair->a, "kept", NULL);
  guint n_closed = 0;

  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, pair->b.channels->len == 1);
  g_signal_connect (g_ptr_array_index (pair->b.channels, 0), "closed", G_CALLBACK (count),
                    &n_closed);
  g_ptr_array_set_size (pair->b.channels, 0);
  wherry_data_channel_close (made);
  g_clear_object (&made);
  WHERRY_WAIT_UNTIL (NULL, n_closed == 1);
  connection_pair_free (pair);
}

int
main (int argc, char **argv)
{
  static const char prefix[] = "/close";

  g_test_init (&argc, &argv, NULL);
  add_both (prefix, "closing-then-closed", test_closing_then_closed);
  add_both (prefix, "connection-close-is-an-error", test_connection_close_is_an_error);
  add_both (prefix, "nothing-after-both-closed", test_nothing_after_both_closed);
  g_test_add_data_func ("/close/kept-without-a-reference", NULL, test_kept_without_a_reference);
  return g_test_run ();
}
