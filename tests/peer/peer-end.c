/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "peer/peer-end.h"

#include "fixtures/wherry-wait.h"

/* ---- hub ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  PeerEnd *self = user_data;
  g_autoptr (GError) error = NULL;
  WherrySdp *parsed = wherry_sdp_parse (type, sdp, strlen (sdp), &error);

  g_assert_no_error (error);
  self->n_descriptions++;
  g_free (self->last_sdp);
  self->last_sdp = g_strdup (sdp);
  if (self->wrong_fingerprint)
    g_array_index (parsed->fingerprints, WherryFingerprint, 0).bytes[7] ^= 1;
  if (self->wrong_setup)
    parsed->setup = WHERRY_SDP_SETUP_HOLDCONN;
  wherry_peer_post_remote_description (self->other->peer, parsed, self->other->declared,
                                       self->other->declared != NULL ? 1 : 0);
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  PeerEnd *self = user_data;
  g_autoptr (GError) error = NULL;
  WherryCandidate *parsed = NULL;

  if (self->n_descriptions == 0)
    self->n_candidates_before_description++;
  if (candidate != NULL)
    {
      parsed = wherry_candidate_parse (candidate, strlen (candidate), &error);
      g_assert_no_error (error);
    }
  wherry_peer_post_remote_candidate (self->other->peer, parsed);
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  PeerEnd *self = user_data;

  self->n_refused++;
  self->refused = request;
}

static void
on_state (gpointer user_data, WherryPeerState state, const WherryPeerPath *path)
{
  PeerEnd *self = user_data;

  self->state = state;
  g_assert_cmpint (path != NULL, ==, state == WHERRY_PEER_CONNECTED);
  if (path != NULL)
    g_assert_cmpstr (path->protocol, ==, "udp");
}

static void
on_finished (gpointer user_data, WherryPeerEnd end, const GError *error)
{
  PeerEnd *self = user_data;

  g_assert_false (self->is_finished);
  self->is_finished = TRUE;
  self->end = end;
  self->error = error != NULL ? g_error_copy (error) : NULL;
}

static void
on_addresses_changed (gpointer user_data)
{
  PeerEnd *self = user_data;

  self->n_addresses_changed++;
  if (self->restarts)
    wherry_peer_post_create_offer (self->peer, TRUE, NULL, 0);
}

static void
on_candidate_error (gpointer user_data, const WherryPeerCandidateError *error)
{
  PeerEnd *self = user_data;

  g_assert_cmpuint (error->code, ==, 701);
  g_assert_nonnull (error->url);
  g_assert_nonnull (error->text);
  self->n_candidate_errors++;
}

static const WherryPeerHubEvents hub_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .state = on_state,
  .finished = on_finished,
  .addresses_changed = on_addresses_changed,
  .candidate_error = on_candidate_error,
};

/* ---- peer thread ---- */

static void
on_connected (gpointer user_data)
{
  g_atomic_int_inc (&((PeerEnd *) user_data)->connected);
}

static void
on_incoming (gpointer user_data, WherryChannel *channel)
{
  wherry_channel_accept (channel);
}

static void
on_open (gpointer user_data, WherryChannel *channel)
{
  PeerEnd *self = user_data;

  self->channel = channel;
  g_atomic_int_inc (&self->n_open);
}

static void
on_message (gpointer user_data, WherryChannel *channel, WherryMessage *message)
{
  PeerEnd *self = user_data;
  gsize length = 0;
  const guint8 *data = wherry_message_get_data (message, &length);
  guint32 number = 0;

  if (self->echo)
    g_assert_cmpint (wherry_channel_send (channel, message), ==, WHERRY_SEND_OK);
  if (length >= sizeof number)
    memcpy (&number, data, sizeof number);
  if (GUINT32_FROM_BE (number) != self->next_expected++)
    g_atomic_int_inc (&self->n_wrong);
  g_atomic_int_inc (&self->n_messages);
}

static void
on_closed (gpointer user_data, WherryChannel *channel)
{
  PeerEnd *self = user_data;

  if (self->channel == channel)
    self->channel = NULL;
  g_atomic_int_inc (&self->n_closed);
}

typedef struct
{
  PeerEnd *end;
  guint n;
  gsize size;
} Sending;

/* What is left, as far as there is room: the wake event says when there is more. */
static void
send_more (PeerEnd *self)
{
  for (; self->n_sent < self->n_to_send && self->channel != NULL; self->n_sent++)
    {
      g_autofree guint8 *payload = g_malloc0 (self->send_size);
      g_autoptr (WherryMessage) message = NULL;
      guint32 number = GUINT32_TO_BE (self->n_sent);

      memcpy (payload, &number, sizeof number);
      message = wherry_message_new (WHERRY_MESSAGE_BINARY, payload, self->send_size, NULL);
      if (wherry_channel_send (self->channel, message) != WHERRY_SEND_OK)
        return;
    }
}

static void
begin_sending (WherryPeer *peer, gpointer data)
{
  const Sending *sending = data;
  PeerEnd *self = sending->end;

  g_assert_cmpuint (self->n_sent, ==, self->n_to_send); /* one at a time */
  self->n_sent = 0;
  self->n_to_send = sending->n;
  self->send_size = sending->size;
  send_more (self);
}

static void
on_wake (gpointer user_data)
{
  send_more (user_data);
}

static void
on_ended (gpointer user_data)
{
  g_atomic_int_inc (&((PeerEnd *) user_data)->n_ended);
}

static const WherryPeerDelegate delegate = {
  .connected = on_connected,
  .incoming = on_incoming,
  .open = on_open,
  .message = on_message,
  .closed = on_closed,
  .wake = on_wake,
  .ended = on_ended,
};

/* ---- */

PeerEnd *
peer_end_new (const char *id)
{
  g_autoptr (WherryIceConfig) ice = wherry_ice_config_new ();
  g_autoptr (GError) error = NULL;

  wherry_ice_config_add_bind_address (ice, "127.0.0.1", &error);
  g_assert_no_error (error);
  return peer_end_new_with (id, ice);
}

PeerEnd *
peer_end_new_with (const char *id, const WherryIceConfig *ice)
{
  PeerEnd *self = g_new0 (PeerEnd, 1);
  g_autoptr (GError) error = NULL;
  WherryPeerConfig config = { .id = id, .ice = ice };

  self->peer = wherry_peer_new (&config, NULL, &hub_events, self, &delegate, self, &error);
  g_assert_no_error (error);
  return self;
}

void
peer_end_pair (PeerEnd *a, PeerEnd *b)
{
  a->other = b;
  b->other = a;
}

void
peer_end_free (PeerEnd *self)
{
  WHERRY_WAIT_UNTIL (NULL, self->is_finished);
  g_assert_cmpint (PEER_END_GET (self, n_ended), ==, 1);
  g_clear_pointer (&self->peer, wherry_peer_unref);
  g_clear_error (&self->error);
  g_free (self->last_sdp);
  g_free (self);
}

static void
create_channel (WherryPeer *peer, gpointer data)
{
  WherryChannelInit init = {
    .label = data,
    .protocol = "",
    .ordered = TRUE,
    .priority = 256,
    .id = WHERRY_CHANNEL_ID_NONE,
  };
  g_autoptr (GError) error = NULL;

  wherry_peer_create_channel (peer, &init, &error);
  g_assert_no_error (error);
}

void
peer_end_create_channel (PeerEnd *self, const char *label)
{
  wherry_peer_post_call (self->peer, create_channel, g_strdup (label), g_free);
}

void
peer_end_send (PeerEnd *self, guint n, gsize size)
{
  Sending sending = { .end = self, .n = n, .size = size };

  wherry_peer_post_call (self->peer, begin_sending, g_memdup2 (&sending, sizeof sending), g_free);
}

static void
pause_now (WherryPeer *peer, gpointer data)
{
  PeerEnd *self = data;

  wherry_peer_set_paused (peer, g_atomic_int_get (&self->is_paused));
}

void
peer_end_set_paused (PeerEnd *self, gboolean paused)
{
  g_atomic_int_set (&self->is_paused, paused);
  wherry_peer_post_call (self->peer, pause_now, self, NULL);
}
