/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "fixtures/wherry-wait.h"
#include "lib/connection-pair.h"

/* ---- finalization ---- */

static gint n_watched;
static guint n_pairs;

static void
on_finalized (gpointer data, GObject *object)
{
  g_atomic_int_add (&n_watched, -1);
}

void
pair_watch (gpointer object)
{
  g_atomic_int_inc (&n_watched);
  g_object_weak_ref (object, on_finalized, NULL);
}

void
pair_wait_finalized (void)
{
  WHERRY_WAIT_UNTIL (NULL, g_atomic_int_get (&n_watched) == 0);
}

/* ---- signaling ---- */

PairEnd *
pair_other (PairEnd *self)
{
  return self == &self->pair->a ? &self->pair->b : &self->pair->a;
}

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  wherry_peer_connection_add_ice_candidate_finish (WHERRY_PEER_CONNECTION (source), result, &error);
  if (error != NULL && !g_error_matches (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED))
    g_error ("adding a candidate: %s", error->message);
}

static gboolean
has_ufrag (WherrySessionDescription *description, const char *ufrag)
{
  g_autofree char *line = g_strdup_printf ("a=ice-ufrag:%s\r\n", ufrag);

  return description != NULL
         && strstr (wherry_session_description_get_sdp (description), line) != NULL;
}

/* A candidate goes behind the description that it belongs to, as over any signaling. */
static gboolean
may_go (WherryPeerConnection *to, WherryIceCandidate *candidate)
{
  const char *ufrag = wherry_ice_candidate_get_username_fragment (candidate);

  return has_ufrag (wherry_peer_connection_get_current_remote_description (to), ufrag)
         || has_ufrag (wherry_peer_connection_get_pending_remote_description (to), ufrag);
}

void
pair_carry (PairEnd *self)
{
  PairEnd *other = pair_other (self);

  if (self->pair->holds_candidates || other->connection == NULL)
    return;
  for (guint i = 0; i < self->candidates->len;)
    {
      g_autoptr (WherryIceCandidate) candidate = NULL;

      if (!may_go (other->connection, g_ptr_array_index (self->candidates, i)))
        {
          i++;
          continue;
        }
      candidate = g_ptr_array_steal_index (self->candidates, i);
      wherry_peer_connection_add_ice_candidate_async (other->connection, candidate, NULL, on_added,
                                                      NULL);
    }
}

static void
on_candidate (WherryPeerConnection *connection, WherryIceCandidate *candidate, gpointer data)
{
  PairEnd *self = data;

  if (candidate == NULL)
    {
      self->n_ends++;
      return;
    }
  if (*wherry_ice_candidate_get_candidate (candidate) != '\0')
    self->n_candidates++;
  g_ptr_array_add (self->candidates, g_object_ref (candidate));
  pair_carry (self);
}

static void
on_needed (WherryPeerConnection *connection, gpointer data)
{
  ((PairEnd *) data)->n_needed++;
}

static void
on_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer data)
{
  PairEnd *self = data;

  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_OPEN);
  pair_watch (channel);
  g_ptr_array_add (self->channels, g_object_ref (channel));
}

static void
on_notify (GObject *object, GParamSpec *pspec, gpointer data)
{
  PairEnd *self = data;
  GEnumValue *value;
  int number = 0;

  g_object_get (object, pspec->name, &number, NULL);
  value = g_enum_get_value (G_PARAM_SPEC_ENUM (pspec)->enum_class, number);
  g_string_append_printf (self->trail, "%s%s=%s", self->trail->len > 0 ? " " : "", pspec->name,
                          value->value_nick);
}

static void
end_init (PairEnd *self, ConnectionPair *pair, WherryConfiguration *configuration)
{
  g_autoptr (GError) error = NULL;
  static const char *const states[]
      = { "notify::signaling-state", "notify::ice-gathering-state", "notify::ice-connection-state",
          "notify::connection-state" };

  self->pair = pair;
  self->candidates = g_ptr_array_new_with_free_func (g_object_unref);
  self->channels = g_ptr_array_new_with_free_func (g_object_unref);
  self->trail = g_string_new (NULL);
  self->connection = wherry_peer_connection_new (configuration, &error);
  g_assert_no_error (error);
  pair_watch (self->connection);
  g_signal_connect (self->connection, "ice-candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->connection, "negotiation-needed", G_CALLBACK (on_needed), self);
  g_signal_connect (self->connection, "data-channel", G_CALLBACK (on_channel), self);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    g_signal_connect (self->connection, states[i], G_CALLBACK (on_notify), self);
}

WherryConfiguration *
pair_configuration_new (void)
{
  WherryConfiguration *configuration = wherry_configuration_new ();

  wherry_configuration_set_bind_addresses (configuration,
                                           (const char *const[]){ "127.0.0.1", NULL });
  return configuration;
}

ConnectionPair *
connection_pair_new (WherryConfiguration *configuration)
{
  ConnectionPair *self = g_new0 (ConnectionPair, 1);
  g_autoptr (WherryConfiguration) plain = pair_configuration_new ();

  end_init (&self->a, self, configuration != NULL ? configuration : plain);
  end_init (&self->b, self, configuration != NULL ? configuration : plain);
  n_pairs++;
  return self;
}

static void
end_clear (PairEnd *self)
{
  if (self->connection != NULL)
    wherry_peer_connection_close (self->connection);
  g_clear_object (&self->connection);
  g_ptr_array_unref (self->candidates);
  g_ptr_array_unref (self->channels);
  g_string_free (self->trail, TRUE);
}

void
connection_pair_free (ConnectionPair *self)
{
  end_clear (&self->a);
  end_clear (&self->b);
  g_free (self);
  if (--n_pairs == 0)
    pair_wait_finalized ();
}

/* ---- operations ---- */

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  g_set_object ((GAsyncResult **) data, result);
}

WherrySessionDescription *
pair_create_offer (PairEnd *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) own = NULL;
  WherrySessionDescription *made;

  wherry_peer_connection_create_offer_async (self->connection, FALSE, NULL, on_result, &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  made = wherry_peer_connection_create_offer_finish (self->connection, result,
                                                     error != NULL ? error : &own);
  g_assert_no_error (own);
  return made;
}

WherrySessionDescription *
pair_create_answer (PairEnd *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) own = NULL;
  WherrySessionDescription *made;

  wherry_peer_connection_create_answer_async (self->connection, NULL, on_result, &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  made = wherry_peer_connection_create_answer_finish (self->connection, result,
                                                      error != NULL ? error : &own);
  g_assert_no_error (own);
  return made;
}

gboolean
pair_set_local (PairEnd *self, WherrySessionDescription *description, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) own = NULL;
  gboolean done;

  wherry_peer_connection_set_local_description_async (self->connection, description, NULL,
                                                      on_result, &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  done = wherry_peer_connection_set_local_description_finish (self->connection, result,
                                                              error != NULL ? error : &own);
  g_assert_no_error (own);
  pair_carry (self);
  return done;
}

gboolean
pair_set_remote (PairEnd *self, WherrySessionDescription *description, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) own = NULL;
  gboolean done;

  wherry_peer_connection_set_remote_description_async (self->connection, description, NULL,
                                                       on_result, &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  done = wherry_peer_connection_set_remote_description_finish (self->connection, result,
                                                               error != NULL ? error : &own);
  g_assert_no_error (own);
  pair_carry (pair_other (self));
  return done;
}

gboolean
pair_add_candidate (PairEnd *self, WherryIceCandidate *candidate, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) own = NULL;
  gboolean done;

  wherry_peer_connection_add_ice_candidate_async (self->connection, candidate, NULL, on_result,
                                                  &result);
  WHERRY_WAIT_UNTIL (NULL, result != NULL);
  done = wherry_peer_connection_add_ice_candidate_finish (self->connection, result,
                                                          error != NULL ? error : &own);
  g_assert_no_error (own);
  return done;
}

void
pair_negotiate (PairEnd *self)
{
  PairEnd *other = pair_other (self);
  g_autoptr (WherrySessionDescription) offer = pair_create_offer (self, NULL);
  g_autoptr (WherrySessionDescription) answer = NULL;

  pair_set_local (self, offer, NULL);
  pair_set_remote (other, offer, NULL);
  answer = pair_create_answer (other, NULL);
  pair_set_local (other, answer, NULL);
  pair_set_remote (self, answer, NULL);
}

static gboolean
is_connected (PairEnd *self)
{
  return wherry_peer_connection_get_connection_state (self->connection)
         == WHERRY_CONNECTION_STATE_CONNECTED;
}

void
pair_wait_connected (ConnectionPair *self)
{
  WHERRY_WAIT_UNTIL (NULL, is_connected (&self->a) && is_connected (&self->b));
}

/* ---- channels ---- */

static void
on_open (WherryDataChannel *channel, gpointer data)
{
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_OPEN);
  ((ChannelEnd *) data)->n_open++;
}

static void
on_closing (WherryDataChannel *channel, gpointer data)
{
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CLOSING);
  ((ChannelEnd *) data)->n_closing++;
}

static void
on_closed (WherryDataChannel *channel, gpointer data)
{
  g_assert_cmpint (wherry_data_channel_get_ready_state (channel), ==,
                   WHERRY_DATA_CHANNEL_STATE_CLOSED);
  ((ChannelEnd *) data)->n_closed++;
}

static void
on_error (WherryDataChannel *channel, const GError *error, gpointer data)
{
  g_assert_cmpuint (((ChannelEnd *) data)->n_closed, ==, 0);
  g_assert_nonnull (error);
  ((ChannelEnd *) data)->n_errors++;
}

static void
on_low (WherryDataChannel *channel, gpointer data)
{
  ((ChannelEnd *) data)->n_low++;
}

static void
on_message (WherryDataChannel *channel, GBytes *bytes, gboolean is_text, gpointer data)
{
  ChannelEnd *self = data;

  self->bytes += g_bytes_get_size (bytes);
  if (self->counts_only)
    g_array_append_val (self->texts, is_text);
  else
    {
      g_ptr_array_add (self->messages, g_bytes_ref (bytes));
      g_array_append_val (self->texts, is_text);
    }
}

ChannelEnd *
channel_end_new (WherryDataChannel *channel, gboolean messages)
{
  ChannelEnd *self = g_new0 (ChannelEnd, 1);

  self->channel = g_object_ref (channel);
  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->texts = g_array_new (FALSE, FALSE, sizeof (gboolean));
  g_signal_connect (channel, "open", G_CALLBACK (on_open), self);
  g_signal_connect (channel, "closing", G_CALLBACK (on_closing), self);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (channel, "error", G_CALLBACK (on_error), self);
  g_signal_connect (channel, "buffered-amount-low", G_CALLBACK (on_low), self);
  if (messages)
    channel_end_listen (self);
  return self;
}

void
channel_end_listen (ChannelEnd *self)
{
  g_signal_connect (self->channel, "message", G_CALLBACK (on_message), self);
}

void
channel_end_free (ChannelEnd *self)
{
  g_signal_handlers_disconnect_by_data (self->channel, self);
  g_object_unref (self->channel);
  g_ptr_array_unref (self->messages);
  g_array_unref (self->texts);
  g_free (self);
}

const char *
channel_end_text (ChannelEnd *self, guint n)
{
  static char text[64];
  gsize length = 0;
  const char *data = g_bytes_get_data (g_ptr_array_index (self->messages, n), &length);

  g_assert_cmpuint (length, <, sizeof text);
  if (length > 0)
    memcpy (text, data, length);
  text[length] = '\0';
  return text;
}
