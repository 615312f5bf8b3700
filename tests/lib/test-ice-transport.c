/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

/* What an ICE transport tells of the descriptions and of the selected pair (W3C webrtc-pc
 * section 5.6, RTCIceTransport). */

static WherryIceTransport *
ice_of (PairEnd *end)
{
  WherrySctpTransport *sctp = wherry_peer_connection_get_sctp (end->connection);

  return wherry_dtls_transport_get_ice_transport (wherry_sctp_transport_get_transport (sctp));
}

static gboolean
says (WherrySessionDescription *description, const char *name, const char *value)
{
  g_autofree char *line = g_strdup_printf ("a=%s%s\r\n", name, value);

  return strstr (wherry_session_description_get_sdp (description), line) != NULL;
}

/* Each is a line of the description, and there are no more lines. */
static guint
check_candidates (GListModel *list, WherrySessionDescription *description, const char *ufrag)
{
  guint n = g_list_model_get_n_items (list);
  guint n_lines = 0;

  g_assert_true (g_list_model_get_item_type (list) == WHERRY_TYPE_ICE_CANDIDATE);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (list, i);

      g_assert_true (says (description, "", wherry_ice_candidate_get_candidate (candidate)));
      g_assert_cmpstr (wherry_ice_candidate_get_username_fragment (candidate), ==, ufrag);
      g_assert_cmpstr (wherry_ice_candidate_get_sdp_mid (candidate), ==, "0");
      g_assert_cmpint (wherry_ice_candidate_get_sdp_mline_index (candidate), ==, 0);
    }
  for (const char *at = wherry_session_description_get_sdp (description);
       (at = strstr (at, "a=candidate:")) != NULL; at++)
    n_lines++;
  g_assert_cmpuint (n_lines, ==, n);
  return n;
}

static void
check_parameters (WherryIceParameters *parameters, WherrySessionDescription *description)
{
  g_assert_true (
      says (description, "ice-ufrag:", wherry_ice_parameters_get_username_fragment (parameters)));
  g_assert_true (says (description, "ice-pwd:", wherry_ice_parameters_get_password (parameters)));
}

/* Both sides of an end agree with its descriptions. */
static void
check_end (PairEnd *end)
{
  WherryIceTransport *ice = ice_of (end);
  WherrySessionDescription *local = wherry_peer_connection_get_local_description (end->connection);
  WherrySessionDescription *remote
      = wherry_peer_connection_get_remote_description (end->connection);
  WherryIceParameters *ours = wherry_ice_transport_get_local_parameters (ice);
  WherryIceParameters *theirs = wherry_ice_transport_get_remote_parameters (ice);

  check_parameters (ours, local);
  check_parameters (theirs, remote);
  g_assert_cmpuint (check_candidates (wherry_ice_transport_get_local_candidates (ice), local,
                                      wherry_ice_parameters_get_username_fragment (ours)),
                    ==, 1);
  check_candidates (wherry_ice_transport_get_remote_candidates (ice), remote,
                    wherry_ice_parameters_get_username_fragment (theirs));
}

static gboolean
has_remote_candidates (PairEnd *end, guint n)
{
  return g_list_model_get_n_items (wherry_ice_transport_get_remote_candidates (ice_of (end))) == n;
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  (*(guint *) data)++;
}

static void
on_items_changed (GListModel *list, guint position, guint removed, guint added, gpointer data)
{
  *(guint *) data += removed + added;
}

/* What belongs to each end's own selected pair is the same candidate that the other one told. */
static void
check_pair (ConnectionPair *pair)
{
  PairEnd *ends[] = { &pair->a, &pair->b };

  for (guint i = 0; i < 2; i++)
    {
      WherryIceTransport *ours = ice_of (ends[i]);
      WherryIceTransport *theirs = ice_of (pair_other (ends[i]));
      WherryIceCandidate *local = wherry_ice_transport_get_selected_local_candidate (ours);
      WherryIceCandidate *there = wherry_ice_transport_get_selected_remote_candidate (theirs);

      g_assert_cmpuint (wherry_ice_candidate_get_port (local), ==,
                        wherry_ice_candidate_get_port (there));
      g_assert_cmpstr (wherry_ice_candidate_get_foundation (local), ==,
                       wherry_ice_candidate_get_foundation (there));
      g_assert_cmpstr (wherry_ice_candidate_get_address (local), ==, "127.0.0.1");
    }
}

static gboolean
has_pair (PairEnd *end)
{
  return wherry_ice_transport_get_selected_remote_candidate (ice_of (end)) != NULL;
}

static void
test_from_first_to_restart (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);
  g_autoptr (WherryIceParameters) before = NULL;
  g_autoptr (WherryIceCandidate) selected = NULL;
  guint n_parameters = 0;
  guint n_items = 0;
  guint n_pairs = 0;

  pair_watch (channel);
  pair_negotiate (&pair->a);
  pair_wait_connected (pair);
  WHERRY_WAIT_UNTIL (NULL, has_remote_candidates (&pair->a, 1)
                               && has_remote_candidates (&pair->b, 1) && has_pair (&pair->a)
                               && has_pair (&pair->b));
  check_end (&pair->a);
  check_end (&pair->b);
  check_pair (pair);
  g_assert_cmpint (wherry_ice_transport_get_role (ice_of (&pair->a)), ==,
                   WHERRY_ICE_ROLE_CONTROLLING);
  g_assert_cmpint (wherry_ice_transport_get_role (ice_of (&pair->b)), ==,
                   WHERRY_ICE_ROLE_CONTROLLED);
  before = g_object_ref (wherry_ice_transport_get_local_parameters (ice_of (&pair->a)));
  selected = g_object_ref (wherry_ice_transport_get_selected_remote_candidate (ice_of (&pair->a)));
  g_signal_connect (ice_of (&pair->a), "notify::local-parameters", G_CALLBACK (on_notify),
                    &n_parameters);
  g_signal_connect (ice_of (&pair->a), "notify::remote-parameters", G_CALLBACK (on_notify),
                    &n_parameters);
  g_signal_connect (wherry_ice_transport_get_local_candidates (ice_of (&pair->a)), "items-changed",
                    G_CALLBACK (on_items_changed), &n_items);
  g_signal_connect (ice_of (&pair->a), "notify::selected-remote-candidate", G_CALLBACK (on_notify),
                    &n_pairs);
  wherry_peer_connection_restart_ice (pair->a.connection);
  /* b does not take candidates of an offer that it has not got yet */
  pair->holds_candidates = TRUE;
  pair_negotiate (&pair->a);
  pair->holds_candidates = FALSE;
  pair_carry (&pair->a);
  pair_carry (&pair->b);
  /* twice where a check found b's new candidate before it was signaled */
  WHERRY_WAIT_UNTIL (NULL, n_pairs >= 1 && has_remote_candidates (&pair->a, 1)
                               && has_remote_candidates (&pair->b, 1));
  g_assert_cmpuint (n_parameters, ==, 2);
  g_assert_cmpuint (n_items, ==, 2); /* one went, one came */
  g_assert_true (before != wherry_ice_transport_get_local_parameters (ice_of (&pair->a)));
  g_assert_true (selected
                 != wherry_ice_transport_get_selected_remote_candidate (ice_of (&pair->a)));
  WHERRY_WAIT_UNTIL (NULL,
                     wherry_ice_transport_get_selected_local_candidate (ice_of (&pair->b)) != NULL);
  check_end (&pair->a);
  check_end (&pair->b);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* A restart that is taken back: what was described before is in force again. */
static void
test_rollback (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);
  g_autoptr (WherrySessionDescription) rollback
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ROLLBACK, "");
  g_autofree char *before = NULL;
  WherryIceTransport *ice = NULL;

  pair_watch (channel);
  pair_negotiate (&pair->a);
  pair_wait_connected (pair);
  ice = ice_of (&pair->a);
  before = g_strdup (wherry_ice_parameters_get_username_fragment (
      wherry_ice_transport_get_local_parameters (ice)));
  pair->holds_candidates = TRUE;
  wherry_peer_connection_restart_ice (pair->a.connection);
  pair_set_local (&pair->a, NULL, NULL);
  g_assert_cmpstr (wherry_ice_parameters_get_username_fragment (
                       wherry_ice_transport_get_local_parameters (ice)),
                   !=, before);
  pair_set_local (&pair->a, rollback, NULL);
  g_assert_cmpstr (wherry_ice_parameters_get_username_fragment (
                       wherry_ice_transport_get_local_parameters (ice)),
                   ==, before);
  check_end (&pair->a);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* b's candidates are kept from a, which finds b by its checks. */
static void
test_not_signaled (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);
  g_autoptr (WherrySessionDescription) offer = NULL;
  g_autoptr (WherrySessionDescription) answer = NULL;
  WherryIceCandidate *found = NULL;
  WherryIceCandidate *theirs = NULL;

  pair_watch (channel);
  pair->holds_candidates = TRUE;
  offer = pair_create_offer (&pair->a, NULL);
  pair_set_local (&pair->a, offer, NULL);
  pair_set_remote (&pair->b, offer, NULL);
  answer = pair_create_answer (&pair->b, NULL);
  pair_set_local (&pair->b, answer, NULL);
  pair_set_remote (&pair->a, answer, NULL);
  WHERRY_WAIT_UNTIL (NULL, pair->a.candidates->len > 0);
  g_assert_true (pair_add_candidate (&pair->b, g_ptr_array_index (pair->a.candidates, 0), NULL));
  pair_wait_connected (pair);
  WHERRY_WAIT_UNTIL (NULL, has_pair (&pair->a) && has_pair (&pair->b));
  found = wherry_ice_transport_get_selected_remote_candidate (ice_of (&pair->a));
  theirs = wherry_ice_transport_get_selected_local_candidate (ice_of (&pair->b));
  g_assert_true (has_remote_candidates (&pair->a, 0));
  g_assert_true (wherry_ice_candidate_is_parsed (found));
  g_assert_cmpint (wherry_ice_candidate_get_candidate_type (found), ==,
                   WHERRY_ICE_CANDIDATE_TYPE_PRFLX);
  g_assert_cmpuint (wherry_ice_candidate_get_port (found), ==,
                    wherry_ice_candidate_get_port (theirs));
  g_assert_cmpstr (wherry_ice_candidate_get_address (found), ==, "127.0.0.1");
  g_assert_cmpuint (wherry_ice_candidate_get_priority (found), >, 0);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* What is not wanted is not told; and theirs is not used, which leaves no way. */
static void
test_candidate_types (void)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  ConnectionPair *pair = NULL;
  g_autoptr (WherryDataChannel) channel = NULL;

  wherry_configuration_set_candidate_types (configuration, WHERRY_ICE_CANDIDATE_TYPES_RELAY);
  pair = connection_pair_new (configuration);
  channel = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);
  pair_watch (channel);
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_ends == 1 && pair->b.n_ends == 1);
  g_assert_cmpuint (pair->a.n_candidates + pair->b.n_candidates, ==, 0);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

/* Ours are told, whichever of theirs are used. That the others are not is shown in tests/ice: to
 * have failed takes half a minute. */
static void
test_remote_candidate_types (void)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  ConnectionPair *pair = NULL;
  g_autoptr (WherryDataChannel) channel = NULL;

  wherry_configuration_set_remote_candidate_types (configuration, WHERRY_ICE_CANDIDATE_TYPES_RELAY);
  pair = connection_pair_new (configuration);
  channel = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);
  pair_watch (channel);
  pair_negotiate (&pair->a);
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_ends == 1 && pair->b.n_ends == 1);
  g_assert_cmpuint (pair->a.n_candidates, >, 0);
  g_assert_cmpint (wherry_peer_connection_get_connection_state (pair->a.connection), !=,
                   WHERRY_CONNECTION_STATE_CONNECTED);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

static void
on_candidate_error (WherryPeerConnection *connection, const char *address, guint port,
                    const char *url, guint code, const char *text, gpointer data)
{
  *(char **) data = g_strdup (url);
}

/* A password meant for TLS goes nowhere without. */
static void
test_turns (void)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  const char *const urls[] = { "turns:127.0.0.1:9", NULL };
  g_autoptr (WherryIceServer) server = wherry_ice_server_new (urls, "me", "secret", NULL);
  ConnectionPair *pair = NULL;
  g_autofree char *told = NULL;

  wherry_configuration_add_ice_server (configuration, server);
  pair = connection_pair_new (configuration);
  g_signal_connect (pair->a.connection, "ice-candidate-error", G_CALLBACK (on_candidate_error),
                    &told);
  pair_set_local (&pair->a, NULL, NULL);
  WHERRY_WAIT_UNTIL (NULL, told != NULL);
  g_assert_cmpstr (told, ==, "turns:127.0.0.1:9?transport=tcp");
  connection_pair_free (pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-transport/from-first-to-restart", test_from_first_to_restart);
  g_test_add_func ("/ice-transport/rollback", test_rollback);
  g_test_add_func ("/ice-transport/not-signaled", test_not_signaled);
  g_test_add_func ("/ice-transport/candidate-types", test_candidate_types);
  g_test_add_func ("/ice-transport/remote-candidate-types", test_remote_candidate_types);
  g_test_add_func ("/ice-transport/turns", test_turns);
  return g_test_run ();
}
