/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-own-network.h"
#include "fixtures/wherry-wait.h"
#include "ice/wherry-ice-network.h"
#include "peer/peer-end.h"

#define MESSAGES 6000u

/* Wi-Fi to mobile, in the middle of a transfer: ICE restarts over the signaling that lives on, and
 * the messages arrive all, once and in order on the channel that was open before. */
static void
test_roaming (void)
{
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();
  PeerEnd *a = NULL;
  PeerEnd *b = NULL;
  int arrived;

  if (!wherry_own_network_enter ())
    return;
  ice->network = wherry_ice_network_get_system ();
  a = peer_end_new_with ("00000000000000aa", ice);
  b = peer_end_new_with ("00000000000000bb", ice);
  peer_end_pair (a, b);
  a->restarts = TRUE; /* the other answers */
  peer_traffic_create_channel (a->peer, "first");
  wherry_peer_post_create_offer (a->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (a, n_open) == 1 && PEER_END_GET (b, n_open) == 1);
  peer_traffic_send (&a->traffic, a->peer, MESSAGES, 2000);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (b, n_messages) > 100);

  wherry_own_network_ip ("address delete 10.77.0.1/24 dev wherry0");
  arrived = PEER_END_GET (b, n_messages);
  g_test_message ("the network went after %d of %u messages", arrived, MESSAGES);
  wherry_own_network_ip ("address add 10.88.0.1/24 dev wherry0");
  WHERRY_WAIT_UNTIL (NULL, a->n_addresses_changed > 0 && b->n_addresses_changed > 0);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (b, n_messages) == (int) MESSAGES);
  g_assert_cmpuint (a->n_descriptions, ==, 2);
  g_assert_cmpint (PEER_END_GET (b, n_wrong), ==, 0);
  g_assert_cmpint (PEER_END_GET (a, n_closed) + PEER_END_GET (b, n_closed), ==, 0);
  g_assert_cmpint (PEER_END_GET (a, connected), ==, 1);
  g_assert_false (a->is_finished || b->is_finished);
  wherry_peer_post_close (a->peer);
  wherry_peer_post_close (b->peer);
  peer_end_free (a);
  peer_end_free (b);
}

static void
test_candidate_error (void)
{
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();
  PeerEnd *a = NULL;
  PeerEnd *b = NULL;

  g_assert_true (wherry_ice_config_add_bind_address (ice, "127.0.0.1", NULL));
  b = peer_end_new_with ("00000000000000bb", ice);
  wherry_ice_config_add_stun_server (ice, "2001:db8::1", 3478);
  a = peer_end_new_with ("00000000000000aa", ice);
  peer_end_pair (a, b);
  peer_traffic_create_channel (a->peer, "first");
  wherry_peer_post_create_offer (a->peer, FALSE, NULL, 0);
  WHERRY_WAIT_UNTIL (NULL, PEER_END_GET (a, n_open) == 1 && PEER_END_GET (b, n_open) == 1);
  WHERRY_WAIT_UNTIL (NULL, a->n_candidate_errors == 1);
  wherry_peer_post_close (a->peer);
  wherry_peer_post_close (b->peer);
  peer_end_free (a);
  peer_end_free (b);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First: threads that are already there would stay in the old namespace. */
  g_test_add_func ("/roaming/no-message-lost", test_roaming);
  g_test_add_func ("/roaming/then/candidate-error", test_candidate_error);
  return g_test_run ();
}
