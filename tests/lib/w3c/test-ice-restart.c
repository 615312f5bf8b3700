/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/w3c/channel-pair.h"

/* What RTCDataChannel-iceRestart.html sees, on our channels. */

static void
there_and_back (ChannelPair *f)
{
  guint at_a = f->a->messages->len;
  guint at_b = f->b->messages->len;

  g_assert_true (wherry_data_channel_send_text (f->a->channel, "there", NULL));
  wait_messages (f->b, at_b + 1);
  g_assert_cmpstr (channel_end_text (f->b, at_b), ==, "there");
  g_assert_true (wherry_data_channel_send_text (f->b->channel, "back", NULL));
  wait_messages (f->a, at_a + 1);
  g_assert_cmpstr (channel_end_text (f->a, at_a), ==, "back");
}

static void
test_usable_after (void)
{
  ChannelPair *f = channel_pair_new (FALSE);

  there_and_back (f);
  wherry_peer_connection_restart_ice (f->pair->a.connection);
  pair_negotiate (&f->pair->a);
  there_and_back (f);
  g_assert_cmpuint (f->a->n_errors + f->b->n_errors, ==, 0);
  channel_pair_free (f);
}

static void
test_usable_at_each_step (void)
{
  ChannelPair *f = channel_pair_new (FALSE);
  g_autoptr (WherrySessionDescription) answer = NULL;

  there_and_back (f);
  wherry_peer_connection_restart_ice (f->pair->a.connection);
  pair_set_local (&f->pair->a, NULL, NULL);
  there_and_back (f);
  pair_set_remote (&f->pair->b,
                   wherry_peer_connection_get_local_description (f->pair->a.connection), NULL);
  there_and_back (f);
  answer = pair_create_answer (&f->pair->b, NULL);
  pair_set_local (&f->pair->b, answer, NULL);
  there_and_back (f);
  pair_set_remote (&f->pair->a,
                   wherry_peer_connection_get_local_description (f->pair->b.connection), NULL);
  there_and_back (f);
  g_assert_cmpuint (f->a->n_errors + f->b->n_errors, ==, 0);
  channel_pair_free (f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-restart/usable-after", test_usable_after);
  g_test_add_func ("/ice-restart/usable-at-each-step", test_usable_at_each_step);
  return g_test_run ();
}
