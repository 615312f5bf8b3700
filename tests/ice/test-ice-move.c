/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-tests"

#include "config.h"

#include "fixtures/wherry-wait.h"

#include "ice/ice-pair.h"
#include "ice/udp-nat.h"

/* A client (it controls) and a server that see each other through a translator only. */
typedef struct
{
  UdpNat nat;
  IcePair pair; /* a: the client */
} Behind;

static void
tell_client (Behind *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  g_autofree char *hidden = NULL;
  g_autoptr (GError) error = NULL;

  udp_nat_set_server (&self->nat, (guint) g_ascii_strtoull (words[5], NULL, 10));
  g_free (words[5]);
  words[5] = g_strdup_printf ("%u", udp_nat_get_inside_port (&self->nat));
  hidden = g_strjoinv (" ", words);
  wherry_ice_session_add_remote_candidate (self->pair.a.ice, hidden, &error);
  g_assert_no_error (error);
}

static void
behind_init (Behind *self)
{
  g_autoptr (WherryIceConfig) config = ice_loopback_config ();

  config->outlives_failure = TRUE;
  udp_nat_init (&self->nat);
  ice_pair_init_with (&self->pair, config, config);
  self->pair.a.silent = TRUE;
  self->pair.b.silent = TRUE;
  ice_pair_start (&self->pair);
  g_assert_cmpuint (self->pair.b.candidates->len, ==, 1);
  tell_client (self, g_ptr_array_index (self->pair.b.candidates, 0));
  WHERRY_WAIT_UNTIL (NULL, ice_pair_is_connected (&self->pair));
  ice_pair_exchange (&self->pair, "hello");
}

static void
behind_clear (Behind *self)
{
  ice_pair_clear (&self->pair);
  udp_nat_clear (&self->nat);
}

static gboolean
server_sends_to (Behind *self)
{
  g_autofree char *expected
      = g_strdup_printf ("127.0.0.1:%u", udp_nat_get_outside_port (&self->nat));
  WherryIcePair pair;

  return wherry_ice_session_get_selected_pair (self->pair.b.ice, &pair)
         && g_strcmp0 (pair.remote_address, expected) == 0;
}

/* How often consent has ended. */
static guint
losses (IceSide *side)
{
  guint n = 0;

  for (guint i = 0; i < side->states->len; i++)
    n += g_array_index (side->states, WherryTransportState, i) == WHERRY_TRANSPORT_FAILED;
  return n;
}

static gboolean
has_found (Behind *self)
{
  return ice_side_get_last_state (&self->pair.a) == WHERRY_TRANSPORT_CONNECTED
         && ice_side_get_last_state (&self->pair.b) == WHERRY_TRANSPORT_CONNECTED;
}

/* The client's address changes while both speak: the next check from there is enough. */
static void
test_moves (void)
{
  Behind behind;

  behind_init (&behind);
  for (guint i = 0; i < (g_test_slow () ? 2 : 1); i++)
    {
      udp_nat_move (&behind.nat);
      WHERRY_WAIT_UNTIL (NULL, server_sends_to (&behind));
      ice_pair_exchange (&behind.pair, i == 0 ? "moved" : "moved again");
    }
  g_assert_cmpuint (losses (&behind.pair.a), ==, 0);
  g_assert_cmpuint (losses (&behind.pair.b), ==, 0);
  behind_clear (&behind);
}

/* Consent ends: the one client has another address afterwards, and the other was silent only. Each
 * is found again where it is, without a restart. */
static void
test_found_again (void)
{
  Behind moved;
  Behind silent;

  behind_init (&moved);
  behind_init (&silent);
  moved.nat.silent = TRUE;
  silent.nat.silent = TRUE;
  WHERRY_WAIT_UNTIL (NULL, losses (&moved.pair.b) == 1 && losses (&silent.pair.b) == 1
                               && losses (&moved.pair.a) == 1 && losses (&silent.pair.a) == 1);
  wherry_packet_send_text (silent.pair.b.transport, "into the void");
  moved.nat.silent = FALSE;
  silent.nat.silent = FALSE;
  udp_nat_move (&moved.nat);
  WHERRY_WAIT_UNTIL (NULL, has_found (&moved) && has_found (&silent));
  g_assert_true (server_sends_to (&moved));
  g_assert_true (server_sends_to (&silent));
  ice_pair_exchange (&moved.pair, "moved");
  ice_pair_exchange (&silent.pair, "silent no more");
  g_assert_false (wherry_packet_recorder_has (&silent.pair.a.heard, "into the void"));

  if (g_test_slow ()) /* who was found is missed again */
    {
      moved.nat.silent = TRUE;
      silent.nat.silent = TRUE;
      WHERRY_WAIT_UNTIL (NULL, losses (&moved.pair.b) == 2 && losses (&silent.pair.b) == 2);
    }
  behind_clear (&moved);
  behind_clear (&silent);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice/move/moves", test_moves);
  g_test_add_func ("/ice/move/found-again", test_found_again);
  return g_test_run ();
}
