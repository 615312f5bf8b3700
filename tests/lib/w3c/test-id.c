/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-id.html sees, on our channels: RFC 8832 section 6 gives the DTLS client the
 * even ids. */

/* a offers and is told that the other side's role is setup: that settles a's. */
static void
agree_on (ConnectionPair *pair, const char *setup)
{
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (&pair->a, NULL);
  g_autoptr (WherrySessionDescription) answer = NULL;
  g_autoptr (WherrySessionDescription) changed = NULL;

  pair->holds_candidates = TRUE;
  pair_set_local (&pair->a, offer, NULL);
  pair_set_remote (&pair->b, offer, NULL);
  answer = pair_create_answer (&pair->b, NULL);
  changed = with_attribute (answer, "setup", setup);
  pair_set_remote (&pair->a, changed, NULL);
}

/* data: the remainder that all ids have */
static void
test_parity (gconstpointer data)
{
  int parity = GPOINTER_TO_INT (data);
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) first = make_channel (&pair->a, "", NULL);
  g_autoptr (WherryDataChannel) second = NULL;

  g_assert_cmpint (wherry_data_channel_get_id (first), ==, -1);
  agree_on (pair, parity == 1 ? "active" : "passive");
  g_assert_cmpint (wherry_data_channel_get_id (first), >=, 0);
  second = make_channel (&pair->a, "another", NULL);
  g_assert_cmpint (wherry_data_channel_get_id (second), >=, 0);
  g_assert_cmpint (wherry_data_channel_get_id (first) % 2, ==, parity);
  g_assert_cmpint (wherry_data_channel_get_id (second) % 2, ==, parity);
  g_assert_cmpint (wherry_data_channel_get_id (first), !=, wherry_data_channel_get_id (second));
  g_clear_object (&first);
  g_clear_object (&second);
  connection_pair_free (pair);
}

/* Both ask for 42 in band: they get two channels, of which each tells the other. */
static void
test_in_band_ids_are_not_chosen (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (FALSE, 42);
  g_autoptr (WherryDataChannel) of_a = make_channel (&pair->a, "a's", init);
  g_autoptr (WherryDataChannel) of_b = make_channel (&pair->b, "b's", init);
  ChannelEnd *a = channel_end_new (of_a, TRUE);
  ChannelEnd *b = channel_end_new (of_b, TRUE);

  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, a->n_open == 1 && b->n_open == 1);
  WHERRY_WAIT_UNTIL (NULL, pair->a.channels->len == 1 && pair->b.channels->len == 1);
  g_assert_cmpint (wherry_data_channel_get_id (of_a), !=, wherry_data_channel_get_id (of_b));
  g_assert_true (wherry_data_channel_send_text (of_a, "x", NULL));
  g_assert_true (wherry_data_channel_send_text (of_b, "x", NULL));
  g_assert_cmpuint (a->messages->len + b->messages->len, ==, 0);
  channel_end_free (a);
  channel_end_free (b);
  g_clear_object (&of_a);
  g_clear_object (&of_b);
  connection_pair_free (pair);
}

static void
add (GPtrArray *channels, ConnectionPair *pair, WherryDataChannelInit *init)
{
  g_ptr_array_add (channels, make_channel (&pair->a, "", init));
}

/* Negotiated ones that break the rule do not disturb it. */
static void
test_parity_among_negotiated (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (GPtrArray) chosen = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) fixed = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GHashTable) ids = g_hash_table_new (NULL, NULL);

  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < 10; i++)
        {
          g_autoptr (WherryDataChannelInit) init
              = channel_init_new (TRUE, (int) (2 * (10 * round + i)));

          add (chosen, pair, NULL);
          add (fixed, pair, init);
        }
      if (round == 0)
        agree_on (pair, "active");
    }
  for (guint i = 0; i < chosen->len; i++)
    {
      WherryDataChannel *channel = g_ptr_array_index (chosen, i);

      g_assert_cmpint (wherry_data_channel_get_id (channel), >=, 0);
      g_assert_cmpint (wherry_data_channel_get_id (channel) % 2, ==, 1);
      g_assert_true (
          g_hash_table_add (ids, GINT_TO_POINTER (wherry_data_channel_get_id (channel))));
    }
  for (guint i = 0; i < fixed->len; i++)
    g_assert_cmpint (wherry_data_channel_get_id (g_ptr_array_index (fixed, i)), ==, (int) (2 * i));
  g_ptr_array_set_size (chosen, 0);
  g_ptr_array_set_size (fixed, 0);
  connection_pair_free (pair);
}

static void
test_no_reuse_before_closed (void)
{
  ChannelPair *f = channel_pair_new (FALSE);
  g_autoptr (WherryDataChannelInit) init
      = channel_init_new (TRUE, wherry_data_channel_get_id (f->a->channel));

  wherry_data_channel_close (f->a->channel);
  refuse_channel (&f->pair->a, "again", init, WHERRY_ERROR_INVALID_ARGUMENT);
  channel_pair_free (f);
}

static void
test_reuse_once_closed (void)
{
  ChannelPair *f = channel_pair_new (FALSE);
  g_autoptr (WherryDataChannelInit) init
      = channel_init_new (TRUE, wherry_data_channel_get_id (f->a->channel));
  g_autoptr (WherryDataChannel) again = NULL;
  ChannelEnd *end;

  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_closed == 1);
  again = make_channel (&f->pair->a, "again", init);
  end = channel_end_new (again, TRUE);
  g_assert_cmpint (wherry_data_channel_get_id (again), ==, init->id);
  WHERRY_WAIT_UNTIL (NULL, end->n_open == 1);
  channel_end_free (end);
  g_clear_object (&again);
  channel_pair_free (f);
}

/* A connection has as many as sctp.maxChannels; one that closes makes room for one.
 * Negotiated ones, since each side can open half of them in band. */
static void
test_limit_and_one_again (void)
{
  ChannelPair *f = channel_pair_new (FALSE); /* has id 1 */
  guint max = wherry_sctp_transport_get_max_channels (
      wherry_peer_connection_get_sctp (f->pair->a.connection));
  g_autoptr (GPtrArray) channels = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 1; i <= max; i++)
    {
      g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, i == 1 ? 0 : (int) i);

      if (i < max)
        add (channels, f->pair, init);
      else
        refuse_channel (&f->pair->a, "one more", init, WHERRY_ERROR_LIMIT);
    }
  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_closed == 1);
  add (channels, f->pair, NULL);
  refuse_channel (&f->pair->a, "one more", NULL, WHERRY_ERROR_LIMIT);
  g_ptr_array_set_size (channels, 0);
  channel_pair_free (f);
}

/* As many as end can open, at once: each has its own id of this side's. (transfer full) */
static GPtrArray *
exhaust (PairEnd *end, int parity, GHashTable *ids)
{
  GPtrArray *channels = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GError) error = NULL;
  WherryDataChannel *channel = NULL;

  while ((channel = wherry_peer_connection_create_data_channel (end->connection, "", NULL, &error))
         != NULL)
    {
      int id = wherry_data_channel_get_id (channel);

      pair_watch (channel);
      g_ptr_array_add (channels, channel);
      g_assert_cmpint (id % 2, ==, parity);
      g_assert_true (g_hash_table_add (ids, GINT_TO_POINTER (id)));
    }
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  return channels;
}

/* Nothing is waited for between the channels, and all of them open. */
static void
test_exhausted_at_once (void)
{
  ChannelPair *f = channel_pair_new (FALSE); /* b answers as the DTLS client */
  guint max = wherry_sctp_transport_get_max_channels (
      wherry_peer_connection_get_sctp (f->pair->a.connection));
  g_autoptr (GHashTable) ids = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) of_a = NULL;
  g_autoptr (GPtrArray) of_b = NULL;

  g_hash_table_add (ids, GINT_TO_POINTER (wherry_data_channel_get_id (f->a->channel)));
  of_a = exhaust (&f->pair->a, 1, ids);
  of_b = exhaust (&f->pair->b, 0, ids);
  g_assert_cmpuint (of_a->len + 1, ==, max / 2);
  g_assert_cmpuint (of_b->len, ==, max / 2);
  for (guint i = 0; i < of_a->len + of_b->len; i++)
    {
      WherryDataChannel *channel
          = i < of_a->len ? g_ptr_array_index (of_a, i) : g_ptr_array_index (of_b, i - of_a->len);

      WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_ready_state (channel)
                                   == WHERRY_DATA_CHANNEL_STATE_OPEN);
    }
  wherry_data_channel_close (f->a->channel);
  WHERRY_WAIT_UNTIL (NULL, f->a->n_closed == 1);
  g_ptr_array_add (of_a, make_channel (&f->pair->a, "again", NULL));
  refuse_channel (&f->pair->a, "one more", NULL, WHERRY_ERROR_LIMIT);
  g_ptr_array_set_size (of_a, 0);
  g_ptr_array_set_size (of_b, 0);
  channel_pair_free (f);
}

/* More than there are ids for, made before the roles are known: those without one fail, and say
 * why (webrtc-pc section 5.6.1.1). */
static void
on_error (WherryDataChannel *channel, const GError *error, gpointer data)
{
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT);
  (*(guint *) data)++;
}

static void
test_too_many_before_agreement (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (GPtrArray) channels = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_failed = 0;

  for (guint i = 0; i < 514; i++)
    {
      add (channels, pair, NULL);
      g_signal_connect (g_ptr_array_index (channels, i), "error", G_CALLBACK (on_error), &n_failed);
    }
  agree_on (pair, "active");
  WHERRY_WAIT_UNTIL (NULL, n_failed == 2);
  for (guint i = 0; i < channels->len; i++)
    g_assert_cmpint (wherry_data_channel_get_ready_state (g_ptr_array_index (channels, i)), ==,
                     i < 512 ? WHERRY_DATA_CHANNEL_STATE_CONNECTING
                             : WHERRY_DATA_CHANNEL_STATE_CLOSED);
  g_ptr_array_set_size (channels, 0);
  connection_pair_free (pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/id/odd-beside-a-client", GINT_TO_POINTER (1), test_parity);
  g_test_add_data_func ("/id/even-beside-a-server", GINT_TO_POINTER (0), test_parity);
  g_test_add_func ("/id/in-band-ids-are-not-chosen", test_in_band_ids_are_not_chosen);
  g_test_add_func ("/id/parity-among-negotiated", test_parity_among_negotiated);
  g_test_add_func ("/id/no-reuse-before-closed", test_no_reuse_before_closed);
  g_test_add_func ("/id/reuse-once-closed", test_reuse_once_closed);
  g_test_add_func ("/id/limit-and-one-again", test_limit_and_one_again);
  g_test_add_func ("/id/exhausted-at-once", test_exhausted_at_once);
  g_test_add_func ("/id/too-many-before-agreement", test_too_many_before_agreement);
  return g_test_run ();
}
