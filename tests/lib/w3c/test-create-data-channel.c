/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCPeerConnection-createDataChannel.html and the two enforce-range files of
 * RTCDataChannelInit see, on our connections. */

static char *
repeat (const char *what, guint times)
{
  GString *string = g_string_new (NULL);

  for (guint i = 0; i < times; i++)
    g_string_append (string, what);
  return g_string_free (string, FALSE);
}

static void
test_closed_connection (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);

  wherry_peer_connection_close (pair->a.connection);
  g_assert_cmpint (wherry_peer_connection_get_signaling_state (pair->a.connection), ==,
                   WHERRY_SIGNALING_STATE_CLOSED);
  refuse_channel (&pair->a, "", NULL, WHERRY_ERROR_CLOSED);
  connection_pair_free (pair);
}

static void
test_defaults (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "", NULL);

  g_assert_cmpstr (wherry_data_channel_get_label (channel), ==, "");
  g_assert_true (wherry_data_channel_get_ordered (channel));
  g_assert_cmpint (wherry_data_channel_get_max_packet_life_time (channel), ==, -1);
  g_assert_cmpint (wherry_data_channel_get_max_retransmits (channel), ==, -1);
  g_assert_cmpstr (wherry_data_channel_get_protocol (channel), ==, "");
  g_assert_false (wherry_data_channel_get_negotiated (channel));
  g_assert_cmpint (wherry_data_channel_get_id (channel), ==, -1);
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CONNECTING);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount (channel), ==, 0);
  g_assert_cmpuint (wherry_data_channel_get_buffered_amount_low_threshold (channel), ==, 0);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_given (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 3);
  g_autoptr (WherryDataChannelInit) timed = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) channel = NULL;
  g_autoptr (WherryDataChannel) second = NULL;

  init->ordered = FALSE;
  init->max_retransmits = 1;
  wherry_data_channel_init_set_protocol (init, "own");
  channel = make_channel (&pair->a, "given", init);
  g_assert_cmpstr (wherry_data_channel_get_label (channel), ==, "given");
  g_assert_false (wherry_data_channel_get_ordered (channel));
  g_assert_cmpint (wherry_data_channel_get_max_packet_life_time (channel), ==, -1);
  g_assert_cmpint (wherry_data_channel_get_max_retransmits (channel), ==, 1);
  g_assert_cmpstr (wherry_data_channel_get_protocol (channel), ==, "own");
  g_assert_true (wherry_data_channel_get_negotiated (channel));
  g_assert_cmpint (wherry_data_channel_get_id (channel), ==, 3);
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CONNECTING);
  timed->ordered = FALSE;
  timed->max_packet_life_time = 42;
  second = make_channel (&pair->a, "timed", timed);
  g_assert_cmpstr (wherry_data_channel_get_label (second), ==, "timed");
  g_assert_cmpint (wherry_data_channel_get_max_packet_life_time (second), ==, 42);
  g_assert_cmpint (wherry_data_channel_get_max_retransmits (second), ==, -1);
  g_clear_object (&channel);
  g_clear_object (&second);
  connection_pair_free (pair);
}

/* The label, the protocol and the order, one after the other. */
static void
test_single_members (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) unordered = NULL;
  g_autoptr (WherryDataChannel) spoken = NULL;

  init->ordered = FALSE;
  unordered = make_channel (&pair->a, "word", init);
  g_assert_false (wherry_data_channel_get_ordered (unordered));
  g_assert_cmpstr (wherry_data_channel_get_label (unordered), ==, "word");
  wherry_data_channel_init_set_protocol (init, "word");
  spoken = make_channel (&pair->a, "", init);
  g_assert_cmpstr (wherry_data_channel_get_protocol (spoken), ==, "word");
  g_clear_object (&unordered);
  g_clear_object (&spoken);
  connection_pair_free (pair);
}

/* data: whether it is about the lifetime */
static void
test_range (gconstpointer data)
{
  static const int good[] = { 0, 1, 1000, 65534, 65535 };
  static const int bad[] = { 65536, G_MAXINT };
  gboolean timed = GPOINTER_TO_INT (data);
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  int *member = timed ? &init->max_packet_life_time : &init->max_retransmits;

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (WherryDataChannel) channel = NULL;

      *member = good[i];
      channel = make_channel (&pair->a, "", init);
      g_assert_cmpint (timed ? wherry_data_channel_get_max_packet_life_time (channel)
                             : wherry_data_channel_get_max_retransmits (channel),
                       ==, good[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      *member = bad[i];
      refuse_channel (&pair->a, "", init, WHERRY_ERROR_INVALID_ARGUMENT);
    }
  connection_pair_free (pair);
}

static void
test_both_limits (void)
{
  static const int values[] = { 0, 42 };
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "", init);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      init->max_packet_life_time = values[i];
      init->max_retransmits = values[i];
      refuse_channel (&pair->a, "", init, WHERRY_ERROR_INVALID_ARGUMENT);
    }
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* One that is opened in band chooses its own. */
static void
test_id_in_band_is_ignored (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (FALSE, GPOINTER_TO_INT (data));
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "", init);

  g_assert_false (wherry_data_channel_get_negotiated (channel));
  g_assert_cmpint (wherry_data_channel_get_id (channel), ==, -1);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_id_negotiated (gconstpointer data)
{
  int id = GPOINTER_TO_INT (data);
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, id);
  g_autoptr (WherryDataChannel) channel = make_channel (&pair->a, "", init);

  g_assert_true (wherry_data_channel_get_negotiated (channel));
  g_assert_cmpint (wherry_data_channel_get_id (channel), ==, id);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_id_in_band_refused (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (FALSE, 65536);

  refuse_channel (&pair->a, "", init, WHERRY_ERROR_INVALID_ARGUMENT);
  connection_pair_free (pair);
}

/* The last stream there is carries messages. */
static void
test_last_id_works (void)
{
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 65534);
  ChannelPair *f = channel_pair_new_full ("last", init, NULL);

  g_assert_true (wherry_data_channel_send_text (f->a->channel, "far", NULL));
  wait_messages (f->b, 1);
  channel_pair_free (f);
}

static void
test_id_refused (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, GPOINTER_TO_INT (data));

  refuse_channel (&pair->a, "", init, WHERRY_ERROR_INVALID_ARGUMENT);
  connection_pair_free (pair);
}

/* data: a character, repeated to 65536 bytes */
static void
test_longest_label (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autofree char *label = repeat (data, 65535 / (guint) strlen (data));
  g_autoptr (WherryDataChannel) channel = NULL;

  wherry_data_channel_init_set_protocol (init, label);
  channel = make_channel (&pair->a, label, init);
  g_assert_cmpstr (wherry_data_channel_get_label (channel), ==, label);
  g_assert_cmpstr (wherry_data_channel_get_protocol (channel), ==, label);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
test_label_too_long (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 42);
  g_autofree char *label = repeat (data, 65536 / (guint) strlen (data));

  refuse_channel (&pair->a, label, NULL, WHERRY_ERROR_INVALID_ARGUMENT);
  refuse_channel (&pair->a, label, init, WHERRY_ERROR_INVALID_ARGUMENT);
  connection_pair_free (pair);
}

static void
test_protocol_too_long (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autofree char *protocol = repeat (data, 65536 / (guint) strlen (data));

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (WherryDataChannelInit) init = channel_init_new (i == 1, 42);

      wherry_data_channel_init_set_protocol (init, protocol);
      refuse_channel (&pair->a, "", init, WHERRY_ERROR_INVALID_ARGUMENT);
    }
  connection_pair_free (pair);
}

static void
test_same_label_twice (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) first = make_channel (&pair->a, "same", NULL);
  g_autoptr (WherryDataChannel) second = make_channel (&pair->a, "same", NULL);

  g_assert_true (first != second);
  g_clear_object (&first);
  g_clear_object (&second);
  connection_pair_free (pair);
}

static void
test_ids_after_agreement (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 42);
  g_autoptr (WherryDataChannel) fixed = make_channel (&pair->a, "fixed", init);
  g_autoptr (WherryDataChannel) first = make_channel (&pair->a, "same", NULL);
  g_autoptr (WherryDataChannel) second = NULL;

  g_assert_cmpint (wherry_data_channel_get_id (first), ==, -1);
  agree (pair);
  g_assert_cmpint (wherry_data_channel_get_id (first), >=, 0);
  second = make_channel (&pair->a, "at once", NULL);
  g_assert_cmpint (wherry_data_channel_get_id (second), >=, 0);
  g_assert_cmpint (wherry_data_channel_get_id (first), <, 65535);
  g_assert_cmpint (wherry_data_channel_get_id (first), !=, 42);
  g_assert_cmpint (wherry_data_channel_get_id (fixed), ==, 42);
  g_clear_object (&fixed);
  g_clear_object (&first);
  g_clear_object (&second);
  connection_pair_free (pair);
}

/* data: whether descriptions were exchanged before */
static void
test_id_in_use (gconstpointer data)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 42);
  g_autoptr (WherryDataChannelInit) next = channel_init_new (TRUE, 43);
  g_autoptr (WherryDataChannel) first = make_channel (&pair->a, "1", init);
  g_autoptr (WherryDataChannel) second = make_channel (&pair->a, "2", next);

  if (GPOINTER_TO_INT (data))
    agree (pair);
  g_assert_cmpint (wherry_data_channel_get_id (first), ==, 42);
  g_assert_cmpint (wherry_data_channel_get_id (second), ==, 43);
  refuse_channel (&pair->a, "3", init, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_object (&first);
  g_clear_object (&second);
  connection_pair_free (pair);
}

static void
test_id_in_use_in_band (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) first = make_channel (&pair->a, "1", NULL);
  g_autoptr (WherryDataChannelInit) init = NULL;

  agree (pair);
  WHERRY_WAIT_UNTIL (NULL, wherry_data_channel_get_id (first) >= 0);
  init = channel_init_new (TRUE, wherry_data_channel_get_id (first));
  refuse_channel (&pair->a, "2", init, WHERRY_ERROR_INVALID_ARGUMENT);
  g_clear_object (&first);
  connection_pair_free (pair);
}

static void
test_connecting_when_connected (gconstpointer data)
{
  ChannelPair *f = channel_pair_new (data);
  g_autoptr (WherryDataChannel) channel = make_channel (&f->pair->a, "", NULL);

  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CONNECTING);
  g_clear_object (&channel);
  channel_pair_free (f);
}

static void
add_ids (void)
{
  static const int ignored[] = { 0, 1, 42, 65534, 65535 };
  static const int good[] = { 0, 1, 42, 65534 };
  static const int bad[] = { -1, 65535, 65536 };

  for (guint i = 0; i < G_N_ELEMENTS (ignored); i++)
    {
      g_autofree char *name = g_strdup_printf ("/create/id-%d-in-band-is-ignored", ignored[i]);

      g_test_add_data_func (name, GINT_TO_POINTER (ignored[i]), test_id_in_band_is_ignored);
    }
  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *name = g_strdup_printf ("/create/id-%d-negotiated", good[i]);

      g_test_add_data_func (name, GINT_TO_POINTER (good[i]), test_id_negotiated);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *name = g_strdup_printf ("/create/id-%d-refused", bad[i]);

      g_test_add_data_func (name, GINT_TO_POINTER (bad[i]), test_id_refused);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/create/closed-connection", test_closed_connection);
  g_test_add_func ("/create/defaults", test_defaults);
  g_test_add_func ("/create/given", test_given);
  g_test_add_func ("/create/single-members", test_single_members);
  g_test_add_data_func ("/create/range/lifetime", GINT_TO_POINTER (TRUE), test_range);
  g_test_add_data_func ("/create/range/retransmits", GINT_TO_POINTER (FALSE), test_range);
  g_test_add_func ("/create/both-limits", test_both_limits);
  add_ids ();
  g_test_add_func ("/create/id-65536-in-band-refused", test_id_in_band_refused);
  g_test_add_func ("/create/last-id-works", test_last_id_works);
  g_test_add_data_func ("/create/longest-names", "l", test_longest_label);
  g_test_add_data_func ("/create/longest-names-three-bytes", "€", test_longest_label);
  g_test_add_data_func ("/create/label-too-long", "l", test_label_too_long);
  g_test_add_data_func ("/create/label-too-long-two-bytes", "ü", test_label_too_long);
  g_test_add_data_func ("/create/protocol-too-long", "p", test_protocol_too_long);
  g_test_add_data_func ("/create/protocol-too-long-two-bytes", "ü", test_protocol_too_long);
  g_test_add_func ("/create/same-label-twice", test_same_label_twice);
  g_test_add_func ("/create/ids-after-agreement", test_ids_after_agreement);
  g_test_add_data_func ("/create/id-in-use", GINT_TO_POINTER (FALSE), test_id_in_use);
  g_test_add_data_func ("/create/id-in-use-after-agreement", GINT_TO_POINTER (TRUE),
                        test_id_in_use);
  g_test_add_func ("/create/id-in-use-in-band", test_id_in_use_in_band);
  add_both ("/create", "connecting-when-connected", test_connecting_when_connected);
  return g_test_run ();
}
