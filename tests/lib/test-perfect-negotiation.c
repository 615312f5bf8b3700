/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include <string.h>

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

/* The pattern of webrtc-pc section 10.7: both sides run the same code, one of them is polite, and
 * either may begin at any time. Signaling is a queue each way that a turn of the loop carries. */

typedef struct _Side Side;

struct _Side
{
  WherryPeerConnection *connection;
  Side *other;
  gboolean polite;
  gboolean making_offer;
  gboolean ignores_offer;
  gboolean answer_pending; /* setting a remote answer */
  GPtrArray *channels;
  guint n_offers;
  guint n_ignored;
};

typedef struct
{
  Side *side;
  WherrySessionDescription *description;
  WherryIceCandidate *candidate;
} Signal;

static void
signal_free (Signal *signal)
{
  g_clear_object (&signal->description);
  g_clear_object (&signal->candidate);
  g_free (signal);
}

static gboolean take_signal (gpointer data);

static void
send_signal (Side *self, WherrySessionDescription *description, WherryIceCandidate *candidate)
{
  Signal *signal = g_new0 (Signal, 1);

  signal->side = self->other;
  g_set_object (&signal->description, description);
  g_set_object (&signal->candidate, candidate);
  g_idle_add (take_signal, signal);
}

static void
on_local_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Side *self = data;
  g_autoptr (GError) error = NULL;

  wherry_peer_connection_set_local_description_finish (self->connection, result, &error);
  g_assert_no_error (error);
  self->making_offer = FALSE;
  send_signal (self, wherry_peer_connection_get_local_description (self->connection), NULL);
}

static void
on_needed (WherryPeerConnection *connection, gpointer data)
{
  Side *self = data;

  self->making_offer = TRUE;
  self->n_offers++;
  wherry_peer_connection_set_local_description_async (connection, NULL, NULL, on_local_set, self);
}

static void
on_remote_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Side *self = data;
  g_autoptr (GError) error = NULL;

  wherry_peer_connection_set_remote_description_finish (self->connection, result, &error);
  g_assert_no_error (error);
  self->answer_pending = FALSE;
  if (wherry_peer_connection_get_signaling_state (self->connection)
      == WHERRY_SIGNALING_STATE_HAVE_REMOTE_OFFER)
    wherry_peer_connection_set_local_description_async (self->connection, NULL, NULL, on_local_set,
                                                        self);
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  Side *self = data;
  g_autoptr (GError) error = NULL;

  /* those of an offer that is ignored fit nothing */
  if (!wherry_peer_connection_add_ice_candidate_finish (self->connection, result, &error))
    g_assert_true (self->ignores_offer || self->n_ignored > 0);
}

static gboolean
take_signal (gpointer data)
{
  Signal *signal = data;
  Side *self = signal->side;
  WherrySignalingState state = wherry_peer_connection_get_signaling_state (self->connection);
  gboolean is_offer = FALSE;
  gboolean ready;

  if (signal->candidate != NULL)
    {
      wherry_peer_connection_add_ice_candidate_async (self->connection, signal->candidate, NULL,
                                                      on_added, self);
      signal_free (signal);
      return G_SOURCE_REMOVE;
    }
  is_offer = wherry_session_description_get_description_type (signal->description)
             == WHERRY_DESCRIPTION_TYPE_OFFER;
  ready = !self->making_offer && (state == WHERRY_SIGNALING_STATE_STABLE || self->answer_pending);
  self->ignores_offer = is_offer && !ready && !self->polite;
  if (self->ignores_offer)
    self->n_ignored++;
  else
    {
      self->answer_pending = !is_offer;
      wherry_peer_connection_set_remote_description_async (self->connection, signal->description,
                                                           NULL, on_remote_set, self);
    }
  signal_free (signal);
  return G_SOURCE_REMOVE;
}

static void
on_candidate (WherryPeerConnection *connection, WherryIceCandidate *candidate, gpointer data)
{
  if (candidate != NULL)
    send_signal (data, NULL, candidate);
}

static void
on_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  Side *self = data;

  pair_watch (channel);
  g_ptr_array_add (self->channels, g_object_ref (channel));
}

static void
side_init (Side *self, Side *other, gboolean polite)
{
  g_autoptr (WherryConfiguration) configuration = pair_configuration_new ();
  g_autoptr (GError) error = NULL;

  *self = (Side){ .other = other, .polite = polite };
  self->connection = wherry_peer_connection_new (configuration, &error);
  g_assert_no_error (error);
  pair_watch (self->connection);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  g_signal_connect (self->connection, "negotiation-needed", G_CALLBACK (on_needed), self);
  g_signal_connect (self->connection, "ice-candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->connection, "data-channel", G_CALLBACK (on_channel), self);
}

static void
make_channel (Side *self, const char *label)
{
  g_autoptr (GError) error = NULL;
  WherryDataChannel *channel
      = wherry_peer_connection_create_data_channel (self->connection, label, NULL, &error);

  g_assert_no_error (error);
  pair_watch (channel);
  g_ptr_array_add (self->channels, channel);
}

static gboolean
is_settled (Side *self)
{
  return wherry_peer_connection_get_signaling_state (self->connection)
             == WHERRY_SIGNALING_STATE_STABLE
         && !self->making_offer && !self->answer_pending
         && wherry_peer_connection_get_connection_state (self->connection)
                == WHERRY_CONNECTION_STATE_CONNECTED;
}

static gboolean
all_open (Side *self, guint n)
{
  if (self->channels->len != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (wherry_data_channel_get_ready_state (g_ptr_array_index (self->channels, i))
        != WHERRY_DATA_CHANNEL_STATE_OPEN)
      return FALSE;
  return TRUE;
}

static void
side_clear (Side *self)
{
  wherry_peer_connection_close (self->connection);
  g_clear_object (&self->connection);
  g_ptr_array_unref (self->channels);
}

static gboolean
count (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_REMOVE;
}

/* Lets what is on its way arrive. */
static void
run_dry (void)
{
  guint n = 0;

  g_idle_add_full (G_PRIORITY_LOW, count, &n, NULL);
  WHERRY_WAIT_UNTIL (NULL, n == 1);
}

static void
finish (Side *a, Side *b)
{
  run_dry ();
  side_clear (a);
  side_clear (b);
  pair_wait_finalized ();
}

static char *
ufrag_of (Side *self)
{
  const char *sdp = wherry_session_description_get_sdp (
      wherry_peer_connection_get_current_local_description (self->connection));
  const char *at = strstr (sdp, "a=ice-ufrag:");

  return g_strndup (at, strcspn (at, "\r\n"));
}

static void
test_both_begin (void)
{
  Side a;
  Side b;

  side_init (&a, &b, TRUE);
  side_init (&b, &a, FALSE);
  make_channel (&a, "a's");
  make_channel (&b, "b's");
  WHERRY_WAIT_UNTIL (NULL, is_settled (&a) && is_settled (&b));
  WHERRY_WAIT_UNTIL (NULL, all_open (&a, 2) && all_open (&b, 2));
  g_assert_cmpuint (b.n_ignored, ==, 1); /* there was glare */
  finish (&a, &b);
}

static void
test_one_begins (void)
{
  for (guint i = 0; i < 2; i++)
    {
      Side a;
      Side b;

      side_init (&a, &b, i == 0);
      side_init (&b, &a, i == 1);
      make_channel (&a, "a's");
      WHERRY_WAIT_UNTIL (NULL, is_settled (&a) && is_settled (&b));
      WHERRY_WAIT_UNTIL (NULL, all_open (&a, 1) && all_open (&b, 1));
      g_assert_cmpuint (a.n_offers, ==, 1);
      g_assert_cmpuint (b.n_offers, ==, 0);
      finish (&a, &b);
    }
}

/* Both restart ICE at once, again and again: each time both get new credentials, and the channel
 * lives on. */
static void
test_both_restart (void)
{
  Side a;
  Side b;

  side_init (&a, &b, TRUE);
  side_init (&b, &a, FALSE);
  make_channel (&a, "x");
  WHERRY_WAIT_UNTIL (NULL, all_open (&a, 1) && all_open (&b, 1));
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *ufrag_a = ufrag_of (&a);
      g_autofree char *ufrag_b = ufrag_of (&b);
      g_autofree char *now_a = NULL;
      g_autofree char *now_b = NULL;
      guint n_offers = a.n_offers + b.n_offers;

      wherry_peer_connection_restart_ice (a.connection);
      wherry_peer_connection_restart_ice (b.connection);
      WHERRY_WAIT_UNTIL (NULL, a.n_offers + b.n_offers >= n_offers + 2);
      run_dry ();
      WHERRY_WAIT_UNTIL (NULL, is_settled (&a) && is_settled (&b));
      now_a = ufrag_of (&a);
      now_b = ufrag_of (&b);
      g_assert_cmpstr (now_a, !=, ufrag_a);
      g_assert_cmpstr (now_b, !=, ufrag_b);
    }
  g_assert_true (all_open (&a, 1) && all_open (&b, 1));
  finish (&a, &b);
}

/* ---- rollback by hand ---- */

static void
test_rollback (void)
{
  ConnectionPair *pair = connection_pair_new (NULL);
  g_autoptr (WherrySessionDescription) rollback
      = wherry_session_description_new (WHERRY_DESCRIPTION_TYPE_ROLLBACK, NULL);
  g_autoptr (WherrySessionDescription) offer = NULL;
  g_autoptr (WherryDataChannel) channel
      = wherry_peer_connection_create_data_channel (pair->a.connection, "x", NULL, NULL);

  pair_watch (channel);
  offer = pair_create_offer (&pair->a, NULL);
  pair_set_local (&pair->a, offer, NULL);
  pair_set_remote (&pair->b, offer, NULL);
  pair_set_local (&pair->a, rollback, NULL);
  pair_set_remote (&pair->b, rollback, NULL);
  for (guint i = 0; i < 2; i++)
    {
      WherryPeerConnection *connection = i == 0 ? pair->a.connection : pair->b.connection;

      g_assert_cmpint (wherry_peer_connection_get_signaling_state (connection), ==,
                       WHERRY_SIGNALING_STATE_STABLE);
      g_assert_null (wherry_peer_connection_get_local_description (connection));
      g_assert_null (wherry_peer_connection_get_remote_description (connection));
      g_assert_cmpint (wherry_peer_connection_get_ice_gathering_state (connection), ==,
                       WHERRY_ICE_GATHERING_STATE_NEW);
    }
  /* still wanted, and told anew */
  WHERRY_WAIT_UNTIL (NULL, pair->a.n_needed >= 1);
  g_ptr_array_set_size (pair->a.candidates, 0);
  pair_negotiate (&pair->a);
  pair_wait_connected (pair);
  g_clear_object (&channel);
  connection_pair_free (pair);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/perfect-negotiation/one-begins", test_one_begins);
  g_test_add_func ("/perfect-negotiation/both-begin", test_both_begin);
  g_test_add_func ("/perfect-negotiation/both-restart", test_both_restart);
  g_test_add_func ("/perfect-negotiation/rollback", test_rollback);
  return g_test_run ();
}
