/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "fixtures/wherry-wait.h"

#include "ice/ice-pair.h"

static void
test_connects (void)
{
  WherryIcePair selected;
  IcePair pair;

  ice_pair_init (&pair);
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_NEW);
  g_assert_false (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  wherry_packet_assert_refused (pair.a.transport, 1, WHERRY_ERROR_CLOSED);
  ice_pair_start (&pair);
  /* No server to ask: all of it came before gather() returned. */
  g_assert_cmpuint (pair.a.candidates->len, ==, 1);
  g_assert_cmpuint (pair.a.done, ==, 1);
  g_assert_true (wherry_ice_session_is_gathering_done (pair.a.ice));
  g_assert_true (g_str_has_prefix (g_ptr_array_index (pair.a.candidates, 0), "candidate:"));
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "hello");
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2);
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &selected));
  g_assert_cmpint (selected.local_type, ==, WHERRY_CANDIDATE_TYPE_HOST);
  g_assert_cmpstr (selected.protocol, ==, "udp");
  g_assert_true (g_str_has_prefix (selected.local_address, "127.0.0.1:"));
  g_assert_true (g_str_has_prefix (selected.remote_address, "127.0.0.1:"));
  g_assert_false (wherry_ice_session_get_checks_failed (pair.a.ice));
  ice_pair_clear (&pair);
}

/* A browser that hides its addresses, or a client that never sends a candidate. */
static void
test_peer_reflexive (void)
{
  WherryIcePair selected;
  IcePair pair;

  ice_pair_init (&pair);
  pair.a.silent = TRUE;
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "hello");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.b.ice, &selected));
  g_assert_cmpint (selected.remote_type, ==, WHERRY_CANDIDATE_TYPE_PRFLX);
  ice_pair_clear (&pair);
}

/* Candidates before the credentials: held. */
static void
test_early_candidates (void)
{
  IcePair pair;

  ice_pair_init (&pair);
  ice_side_gather (&pair.a);
  ice_side_gather (&pair.b);
  ice_side_give_credentials (&pair.a, &pair.b, NULL);
  ice_side_give_credentials (&pair.b, &pair.a, NULL);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_clear (&pair);
}

static void
test_wrong_password (void)
{
  IcePair pair;

  ice_pair_init (&pair);
  ice_side_give_credentials (&pair.a, &pair.b, "0123456789012345678901");
  ice_side_give_credentials (&pair.b, &pair.a, "0123456789012345678901");
  ice_side_gather (&pair.a);
  ice_side_gather (&pair.b);
  WHERRY_WAIT_UNTIL (NULL, wherry_ice_session_get_checks_failed (pair.a.ice)
                               && wherry_ice_session_get_checks_failed (pair.b.ice));
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTING);
  g_assert_cmpint (ice_side_get_state (&pair.b), ==, WHERRY_TRANSPORT_CONNECTING);
  ice_pair_clear (&pair);
}

static void
test_restart (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;
  IcePair pair;

  ice_pair_connect (&pair);
  ice_pair_exchange (&pair, "before");
  ufrag = g_strdup (wherry_ice_session_get_local_ufrag (pair.a.ice));
  pwd = g_strdup (wherry_ice_session_get_local_pwd (pair.a.ice));
  g_assert_true (wherry_ice_session_restart (pair.a.ice, &error));
  g_assert_true (wherry_ice_session_is_restarting (pair.a.ice));
  g_assert_cmpstr (wherry_ice_session_get_local_ufrag (pair.a.ice), !=, ufrag);
  g_assert_cmpstr (wherry_ice_session_get_local_pwd (pair.a.ice), !=, pwd);
  ice_pair_exchange (&pair, "one side has restarted");
  g_assert_true (wherry_ice_session_restart (pair.b.ice, &error));
  ice_pair_exchange (&pair, "both have restarted");
  ice_pair_start (&pair);
  /* announced again, with the new credentials */
  g_assert_cmpuint (pair.a.candidates->len, ==, 2);
  g_assert_cmpuint (pair.a.done, ==, 2);
  ice_pair_exchange (&pair, "checking");
  WHERRY_WAIT_UNTIL (NULL, !wherry_ice_session_is_restarting (pair.a.ice)
                               && !wherry_ice_session_is_restarting (pair.b.ice));
  ice_pair_exchange (&pair, "after");
  /* CONNECTING and CONNECTED, no interruption */
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2);
  g_assert_cmpuint (pair.b.heard.states->len, ==, 2);
  ice_pair_clear (&pair);
}

static void
test_consent_ends (void)
{
  g_autoptr (GError) error = NULL;
  IcePair pair;

  ice_pair_connect (&pair);
  ice_side_clear (&pair.b);
  WHERRY_WAIT_UNTIL (NULL, ice_side_get_state (&pair.a) == WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair.a.heard.error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT);
  wherry_packet_assert_refused (pair.a.transport, 1, WHERRY_ERROR_CLOSED);
  g_assert_false (wherry_ice_session_restart (pair.a.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED);
  ice_side_clear (&pair.a);
}

static void
test_sizes_and_batches (void)
{
  static guint8 data[100][WHERRY_MTU];
  GOutputVector packets[100];
  g_autoptr (GError) error = NULL;
  WherryIceStats stats;
  IcePair pair;

  ice_pair_connect (&pair);
  for (guint i = 0; i < 100; i++)
    {
      memset (data[i], (int) i, sizeof data[i]);
      packets[i] = (GOutputVector){ data[i], WHERRY_MTU };
    }
  g_assert_cmpuint (wherry_packet_transport_get_mtu (pair.a.transport), ==, WHERRY_MTU);
  g_assert_true (wherry_packet_transport_send (pair.a.transport, packets, 100, &error));
  g_assert_no_error (error);
  wherry_ice_session_get_stats (pair.a.ice, &stats);
  g_assert_cmpuint (stats.packets_dropped, ==, 0);
  WHERRY_WAIT_UNTIL (NULL, pair.b.heard.packets->len == 100);
  for (guint i = 0; i < 100; i++)
    {
      GBytes *packet = g_ptr_array_index (pair.b.heard.packets, i);

      g_assert_cmpmem (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet), data[i],
                       WHERRY_MTU);
    }
  wherry_packet_assert_refused (pair.a.transport, WHERRY_MTU + 1, WHERRY_ERROR_TOO_LARGE);
  ice_pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice/connects", test_connects);
  g_test_add_func ("/ice/peer-reflexive", test_peer_reflexive);
  g_test_add_func ("/ice/early-candidates", test_early_candidates);
  g_test_add_func ("/ice/wrong-password", test_wrong_password);
  g_test_add_func ("/ice/restart-keeps-flow", test_restart);
  g_test_add_func ("/ice/consent-ends", test_consent_ends);
  g_test_add_func ("/ice/sizes-and-batches", test_sizes_and_batches);
  return g_test_run ();
}
