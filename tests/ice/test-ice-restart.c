/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "fixtures/wherry-wait.h"

#include "ice/ice-pair.h"

static void
prepare (IceSide *side, char **ufrag, char **pwd)
{
  g_autoptr (GError) error = NULL;
  const char *new_ufrag;
  const char *new_pwd;
  gboolean ok = wherry_ice_session_prepare_restart (side->ice, &new_ufrag, &new_pwd, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
  *ufrag = g_strdup (new_ufrag);
  *pwd = g_strdup (new_pwd);
}

static void
apply (IceSide *side)
{
  g_autoptr (GError) error = NULL;
  gboolean ok = wherry_ice_session_apply_restart (side->ice, &error);

  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
assert_never_interrupted (IcePair *pair)
{
  /* CONNECTING and CONNECTED */
  g_assert_cmpuint (pair->a.heard.states->len, ==, 2);
  g_assert_cmpuint (pair->b.heard.states->len, ==, 2);
}

static gboolean
is_settled (IcePair *pair)
{
  return !wherry_ice_session_is_restarting (pair->a.ice)
         && !wherry_ice_session_is_restarting (pair->b.ice);
}

static void
test_prepare (void)
{
  g_autofree char *old_ufrag = NULL;
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;
  g_autofree char *other_ufrag = NULL;
  g_autofree char *other_pwd = NULL;
  g_autoptr (GError) error = NULL;
  IcePair pair;

  ice_pair_connect (&pair);
  g_assert_false (wherry_ice_session_apply_restart (pair.a.ice, &error));
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);

  /* What is only described changes nothing. */
  old_ufrag = g_strdup (wherry_ice_session_get_local_ufrag (pair.a.ice));
  prepare (&pair.a, &other_ufrag, &other_pwd);
  prepare (&pair.a, &ufrag, &pwd);
  g_assert_cmpstr (other_ufrag, !=, ufrag);
  g_assert_cmpstr (other_pwd, !=, pwd);
  g_assert_cmpuint (strlen (pwd), >=, 22);
  g_assert_cmpstr (wherry_ice_session_get_local_ufrag (pair.a.ice), ==, old_ufrag);
  g_assert_false (wherry_ice_session_is_restarting (pair.a.ice));
  ice_pair_exchange (&pair, "prepared");

  apply (&pair.a);
  g_assert_true (wherry_ice_session_is_restarting (pair.a.ice));
  g_assert_cmpstr (wherry_ice_session_get_local_ufrag (pair.a.ice), ==, ufrag);
  g_assert_cmpstr (wherry_ice_session_get_local_pwd (pair.a.ice), ==, pwd);
  g_clear_error (&error);
  g_assert_false (wherry_ice_session_apply_restart (pair.a.ice, &error)); /* once */
  g_assert_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT);
  ice_pair_exchange (&pair, "applied");
  ice_pair_clear (&pair);
}

static void
test_rollback (void)
{
  g_autofree char *old_ufrag = NULL;
  g_autofree char *old_pwd = NULL;
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;
  WherryIcePair before;
  WherryIcePair after;
  IcePair pair;

  ice_pair_connect (&pair);
  old_ufrag = g_strdup (wherry_ice_session_get_local_ufrag (pair.a.ice));
  old_pwd = g_strdup (wherry_ice_session_get_local_pwd (pair.a.ice));
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &before));
  prepare (&pair.a, &ufrag, &pwd);
  apply (&pair.a);
  pair.a.silent = TRUE; /* the other side refused our offer */
  ice_side_gather (&pair.a);
  ice_pair_exchange (&pair, "offered");
  wherry_ice_session_rollback_restart (pair.a.ice);
  wherry_ice_session_rollback_restart (pair.a.ice);
  g_assert_false (wherry_ice_session_is_restarting (pair.a.ice));
  g_assert_cmpstr (wherry_ice_session_get_local_ufrag (pair.a.ice), ==, old_ufrag);
  g_assert_cmpstr (wherry_ice_session_get_local_pwd (pair.a.ice), ==, old_pwd);
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &after));
  g_assert_cmpstr (before.local_address, ==, after.local_address);
  g_assert_cmpstr (before.remote_address, ==, after.remote_address);
  ice_pair_exchange (&pair, "rolled back");

  /* and then the restart that the other side wanted */
  pair.a.silent = FALSE;
  g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, is_settled (&pair));
  ice_pair_exchange (&pair, "restarted");
  g_assert_true (wherry_ice_session_get_selected_pair (pair.a.ice, &after));
  g_assert_cmpstr (before.local_address, !=, after.local_address);
  assert_never_interrupted (&pair);
  ice_pair_clear (&pair);
}

/* The remote's candidates of both generations are told apart by their ufrag. */
static void
test_rollback_keeps_candidates (void)
{
  g_autofree char *line = NULL;
  g_autofree char *ufrag = NULL;
  g_autofree char *pwd = NULL;
  g_autoptr (GError) error = NULL;
  IcePair pair;

  ice_pair_init (&pair);
  ice_side_give_credentials (&pair.a, &pair.b, NULL);
  ice_side_give_credentials (&pair.b, &pair.a, NULL);
  pair.b.silent = TRUE;
  ice_side_gather (&pair.b);
  pair.a.silent = TRUE; /* B never hears of A's: only what A knows of B's can connect them */
  ice_side_gather (&pair.a);
  prepare (&pair.a, &ufrag, &pwd);
  apply (&pair.a);
  line = g_strdup_printf ("%s ufrag %s", (char *) g_ptr_array_index (pair.b.candidates, 0),
                          wherry_ice_session_get_local_ufrag (pair.b.ice));
  g_assert_true (wherry_ice_session_add_remote_candidate (pair.a.ice, line, &error));
  g_assert_no_error (error);
  wherry_ice_session_rollback_restart (pair.a.ice);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_pair_exchange (&pair, "hello");
  ice_pair_clear (&pair);
}

/* The answer takes longer than consent lasts: what is connected goes on meanwhile. */
static void
test_late_answer (void)
{
  gint64 end;
  IcePair pair;

  ice_pair_connect (&pair);
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  ice_side_gather (&pair.a);
  end = g_get_monotonic_time () + 12 * G_USEC_PER_SEC;
  WHERRY_WAIT_UNTIL (NULL, g_get_monotonic_time () > end);
  ice_pair_exchange (&pair, "still here");
  g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
  /* A's candidates of the new generation were told to B's old one: again. */
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, is_settled (&pair));
  ice_pair_exchange (&pair, "restarted");
  assert_never_interrupted (&pair);
  ice_pair_clear (&pair);
}

/* The other side is gone: the rollback finds nothing to return to. */
static void
test_rollback_to_nothing (void)
{
  IcePair pair;

  ice_pair_connect (&pair);
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  pair.a.other = NULL;
  ice_side_gather (&pair.a);
  ice_side_clear (&pair.b);
  WHERRY_WAIT_UNTIL (NULL, wherry_ice_session_get_consent_lost (pair.a.ice));
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTED);
  wherry_ice_session_rollback_restart (pair.a.ice);
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_FAILED);
  g_assert_error (pair.a.heard.error, WHERRY_ERROR, WHERRY_ERROR_TIMEOUT);
  ice_side_clear (&pair.a);
}

/* Consent ends, and a restart over the living signaling finds a way again: the layers above see no
 * end. */
static void
test_outlives_failure (void)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();
  IcePair pair;

  config->outlives_failure = TRUE;
  ice_pair_init_with (&pair, config, config);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&pair));
  ice_side_clear (&pair.b);
  WHERRY_WAIT_UNTIL (NULL, ice_side_get_last_state (&pair.a) == WHERRY_TRANSPORT_FAILED);
  g_assert_true (wherry_ice_session_get_consent_lost (pair.a.ice));
  g_assert_cmpint (ice_side_get_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTED);
  wherry_packet_send_text (pair.a.transport, "into the void");

  config->controlling = FALSE;
  ice_side_init (&pair.b, config);
  pair.b.other = &pair.a;
  g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
  g_assert_cmpint (ice_side_get_last_state (&pair.a), ==, WHERRY_TRANSPORT_CONNECTING);
  ice_pair_start (&pair);
  WHERRY_WAIT_UNTIL (NULL, ice_side_get_last_state (&pair.a) == WHERRY_TRANSPORT_CONNECTED
                               && ice_pair_is_connected (&pair));
  g_assert_false (wherry_ice_session_get_consent_lost (pair.a.ice));
  ice_pair_exchange (&pair, "found again");
  g_assert_cmpuint (pair.a.heard.states->len, ==, 2);
  g_assert_cmpuint (pair.a.states->len, ==, 5);
  ice_pair_clear (&pair);
}

/* Many in a row, each before the one before is done. */
static void
test_repeated (void)
{
  IcePair pair;

  ice_pair_connect (&pair);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *text = g_strdup_printf ("restart %u", i);

      g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
      g_assert_true (wherry_ice_session_restart (pair.a.ice, NULL));
      g_assert_true (wherry_ice_session_restart (pair.b.ice, NULL));
      ice_pair_start (&pair);
      WHERRY_WAIT_UNTIL (NULL, is_settled (&pair));
      ice_pair_exchange (&pair, text);
    }
  assert_never_interrupted (&pair);
  ice_pair_clear (&pair);
}

int
main (int argc, char **argv)
{
  gboolean full = FALSE;

  for (int i = 1; i < argc; i++)
    full |= strcmp (argv[i], "--full") == 0;
  g_test_init (&argc, &argv, NULL);
  if (full)
    {
      g_test_add_func ("/ice-restart/late-answer", test_late_answer);
      g_test_add_func ("/ice-restart/rollback-to-nothing", test_rollback_to_nothing);
      return g_test_run ();
    }
  g_test_add_func ("/ice-restart/prepare", test_prepare);
  g_test_add_func ("/ice-restart/rollback", test_rollback);
  g_test_add_func ("/ice-restart/rollback-keeps-candidates", test_rollback_keeps_candidates);
  g_test_add_func ("/ice-restart/outlives-failure", test_outlives_failure);
  g_test_add_func ("/ice-restart/repeated", test_repeated);
  return g_test_run ();
}
