/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-onopen.html and RTCPeerConnection-ondatachannel.html see, on our channels. */

typedef struct
{
  guint n_channels;
  guint n_open;
  gboolean sends;
  gboolean closes;
  gboolean closes_later;
  WherryDataChannel *channel;
} Seen;

static void
on_open (WherryDataChannel *channel, gpointer data)
{
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_OPEN);
  ((Seen *) data)->n_open++;
}

static gboolean
close_now (gpointer data)
{
  wherry_data_channel_close (data);
  return G_SOURCE_REMOVE;
}

static void
on_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  Seen *self = data;

  self->n_channels++;
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_OPEN);
  g_signal_connect (channel, "open", G_CALLBACK (on_open), self);
  if (self->sends)
    g_assert_true (wherry_data_channel_send_text (channel, "at once", NULL));
  if (self->closes)
    wherry_data_channel_close (channel);
  if (self->closes_later)
    g_idle_add_full (G_PRIORITY_DEFAULT, close_now, g_object_ref (channel), g_object_unref);
  g_set_object (&self->channel, channel);
}

static ChannelEnd *
open_to (ConnectionPair *pair, Seen *seen)
{
  g_autoptr (WherryDataChannel) made = make_channel (&pair->a, "new", NULL);
  ChannelEnd *end = channel_end_new (made, TRUE);

  g_signal_connect (pair->b.connection, "data-channel", G_CALLBACK (on_channel), seen);
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, seen->n_channels > 0);
  return end;
}

static void
finish (ConnectionPair *pair, ChannelEnd *end, Seen *seen)
{
  g_assert_cmpuint (seen->n_channels, ==, 1);
  if (seen->channel != NULL)
    g_signal_handlers_disconnect_by_data (seen->channel, seen);
  g_clear_object (&seen->channel);
  channel_end_free (end);
  connection_pair_free (pair);
}

static void
test_local (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { 0 };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, end->n_open == 1);
  finish (pair, end, &seen);
}

static void
test_remote (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { 0 };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, seen.n_open == 1);
  finish (pair, end, &seen);
}

static void
test_negotiated (void)
{
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 42);
  ChannelPair *f = channel_pair_new_full ("both", init, NULL);

  g_assert_cmpuint (f->a->n_open, ==, 1);
  g_assert_cmpuint (f->b->n_open, ==, 1);
  channel_pair_free (f);
}

static void
test_told_once (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { 0 };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, end->n_open == 1 && seen.n_open == 1);
  g_assert_true (wherry_data_channel_send_text (seen.channel, "seen", NULL));
  wait_messages (end, 1);
  finish (pair, end, &seen);
}

static void
test_send_when_told (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { .sends = TRUE };
  ChannelEnd *end = open_to (pair, &seen);

  wait_messages (end, 1);
  g_assert_cmpstr (channel_end_text (end, 0), ==, "at once");
  finish (pair, end, &seen);
}

static void
test_no_open_after_close (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { .closes = TRUE };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, end->n_closed == 1);
  g_assert_cmpuint (seen.n_open, ==, 0);
  finish (pair, end, &seen);
}

static void
test_open_before_a_later_close (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { .closes_later = TRUE };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, end->n_closed == 1);
  g_assert_cmpuint (seen.n_open, ==, 1);
  finish (pair, end, &seen);
}

static void
test_send_then_close (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  Seen seen = { .sends = TRUE, .closes = TRUE };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, end->n_closed == 1);
  g_assert_cmpuint (seen.n_open, ==, 0);
  wait_messages (end, 1);
  g_assert_cmpstr (channel_end_text (end, 0), ==, "at once");
  finish (pair, end, &seen);
}

static void
check_same (ChannelPair *f, WherryDataChannelInit *init, const char *label)
{
  for (guint i = 0; i < 2; i++)
    {
      WherryDataChannel *channel = i == 0 ? f->a->channel : f->b->channel;

      g_assert_cmpstr (wherry_data_channel_get_label (channel), ==, label);
      g_assert_cmpint (wherry_data_channel_get_ordered (channel), ==, init->ordered);
      g_assert_cmpint (wherry_data_channel_get_max_packet_life_time (channel), ==,
                       init->max_packet_life_time);
      g_assert_cmpint (wherry_data_channel_get_max_retransmits (channel), ==,
                       init->max_retransmits);
      g_assert_cmpstr (wherry_data_channel_get_protocol (channel), ==,
                       init->protocol != NULL ? init->protocol : "");
      g_assert_false (wherry_data_channel_get_negotiated (channel));
      g_assert_cmpint (wherry_data_channel_get_priority (channel), ==, init->priority);
    }
  g_assert_cmpint (wherry_data_channel_get_id (f->a->channel), ==,
                   wherry_data_channel_get_id (f->b->channel));
}

static void
test_same_configuration (void)
{
  g_autoptr (WherryDataChannelInit) init = channel_init_new (FALSE, -1);
  ChannelPair *f = NULL;

  init->ordered = FALSE;
  init->max_retransmits = 1;
  init->priority = WHERRY_PRIORITY_HIGH;
  wherry_data_channel_init_set_protocol (init, "own");
  f = channel_pair_new_full ("named", init, NULL);
  check_same (f, init, "named");
  channel_pair_free (f);
}

static void
test_same_default_configuration (void)
{
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  ChannelPair *f = channel_pair_new_full ("", NULL, NULL);

  check_same (f, init, "");
  channel_pair_free (f);
}

/* A channel in band that is made later has come: the negotiated one would have, too. */
static void
test_negotiated_is_not_told (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannelInit) init = channel_init_new (TRUE, 42);
  g_autoptr (WherryDataChannel) quiet = make_channel (&pair->a, "quiet", init);
  Seen seen = { 0 };
  ChannelEnd *end = open_to (pair, &seen);

  WHERRY_WAIT_UNTIL (NULL, end->n_open == 1);
  g_assert_cmpstr (wherry_data_channel_get_label (seen.channel), ==, "new");
  g_clear_object (&quiet);
  finish (pair, end, &seen);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/open/local", test_local);
  g_test_add_func ("/open/remote", test_remote);
  g_test_add_func ("/open/negotiated", test_negotiated);
  g_test_add_func ("/data-channel-event/told-once", test_told_once);
  g_test_add_func ("/data-channel-event/send-when-told", test_send_when_told);
  g_test_add_func ("/data-channel-event/no-open-after-close", test_no_open_after_close);
  g_test_add_func ("/data-channel-event/open-before-a-later-close", test_open_before_a_later_close);
  g_test_add_func ("/data-channel-event/send-then-close", test_send_then_close);
  g_test_add_func ("/data-channel-event/same-configuration", test_same_configuration);
  g_test_add_func ("/data-channel-event/same-default-configuration",
                   test_same_default_configuration);
  g_test_add_func ("/data-channel-event/negotiated-is-not-told", test_negotiated_is_not_told);
  return g_test_run ();
}
