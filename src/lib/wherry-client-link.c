/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-negotiation-private.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"

#define LABEL_NOTICES "wherry:notices"
/* For the last messages to arrive, and again for the server's goodbye. */
#define LEAVE_STEP_US (2 * G_USEC_PER_SEC)
/* For the server to say why, once the connection is closed. */
#define LEFT_GRACE_US (1 * G_USEC_PER_SEC)
/* For the server's answer to an offer that restarts ICE, where to come back anew costs nothing. */
#define SIGN_OF_LIFE_US (5 * G_USEC_PER_SEC)

WherryClientLink *
wherry_client_link_ref (WherryClientLink *self)
{
  self->ref_count++;
  return self;
}

void
wherry_client_link_unref (WherryClientLink *self)
{
  if (--self->ref_count > 0)
    return;
  g_clear_pointer (&self->ours, g_ptr_array_unref);
  g_clear_pointer (&self->theirs, g_ptr_array_unref);
  g_clear_object (&self->configuration);
  wherry_clock_unref (self->clock);
  g_main_context_unref (self->context);
  g_free (self);
}

/* events: NULL: nobody wants the connection */
static void
let_go (WherryClientLink *self, const WherryClientLinkEvents *events)
{
  self->events = NULL;
  wherry_clock_clear_source (&self->timer);
  wherry_clock_clear_source (&self->pause);
  wherry_client_link_drop_tunnel (self);
  g_clear_pointer (&self->signaling, wherry_signaling_client_free);
  if (self->notices != NULL)
    g_signal_handlers_disconnect_by_data (self->notices, self);
  g_clear_object (&self->notices);
  if (self->connection == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->connection, self);
  g_signal_handlers_disconnect_by_data (wherry_peer_connection_get_channels (self->connection),
                                        self);
  if (events != NULL)
    {
      events->retire (self->user_data, g_steal_pointer (&self->connection));
      return;
    }
  wherry_peer_connection_close (self->connection);
  g_clear_object (&self->connection);
}

void
wherry_client_link_end (WherryClientLink *self, const GError *error, gboolean is_final)
{
  const WherryClientLinkEvents *events = self->events;
  void (*left) (gpointer user_data) = self->left;
  gpointer user_data = self->user_data;
  gpointer left_data = self->left_data;

  if (events == NULL)
    return;
  let_go (self, left == NULL ? events : NULL);
  if (left != NULL)
    left (left_data);
  else
    events->ended (user_data, error, is_final); /* may free self */
}

static void
end (WherryClientLink *self, WherryError code, gboolean is_final, const char *text)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, code, text);

  wherry_client_link_end (self, error, is_final);
}

static void
set_timer (WherryClientLink *self, gint64 limit_us, GSourceFunc func)
{
  wherry_clock_clear_source (&self->timer);
  self->timer = wherry_clock_add (self->clock, self->context, limit_us, func, self);
}

static gboolean
on_connect_limit (gpointer data)
{
  WherryClientLink *self = data;

  end (self, WHERRY_ERROR_TIMEOUT, FALSE,
       self->joined ? "the server answers, but no data could pass to the relay"
                    : "the server did not answer in time");
  return G_SOURCE_REMOVE;
}

/* ---- the connection ---- */

static void
on_notices_open (WherryDataChannel *channel, gpointer user_data)
{
  WherryClientLink *self = user_data;

  if (self->connected)
    return;
  self->connected = TRUE;
  wherry_clock_clear_source (&self->timer);
  wherry_client_link_settle_tunnel (self);
  self->events->connected (self->user_data);
}

static gboolean
on_lost_limit (gpointer data)
{
  end (data, WHERRY_ERROR_CLOSED, FALSE, "the connection to the relay was lost");
  return G_SOURCE_REMOVE;
}

/* The relay that ends a membership closes the connection too, and may be faster there than with the
 * frame that says why. */
static void
lose (WherryClientLink *self)
{
  if (self->lost || self->left != NULL)
    return;
  self->lost = TRUE;
  self->events->lost (self->user_data);
  set_timer (self, self->signaling != NULL ? LEFT_GRACE_US : 0, on_lost_limit);
}

void
wherry_client_link_strand (WherryClientLink *self, gboolean is_lost)
{
  g_clear_pointer (&self->signaling, wherry_signaling_client_free);
  if (is_lost || !self->connected || self->restarting)
    lose (self);
}

static void
on_notices_closed (WherryDataChannel *channel, gpointer user_data)
{
  lose (user_data);
}

static void
on_notice (WherryDataChannel *channel, GBytes *data, gboolean is_text, gpointer user_data)
{
  WherryClientLink *self = user_data;
  gsize length;
  const char *text = g_bytes_get_data (data, &length);
  g_autoptr (WherrySignal) signal = wherry_signal_parse_server (text, length, NULL);

  if (signal != NULL && (signal->type == WHERRY_SIGNAL_ERROR || signal->type == WHERRY_SIGNAL_ACK))
    self->events->signal (self->user_data, signal);
}

static void
on_data_channel (WherryPeerConnection *connection, WherryDataChannel *channel, gpointer user_data)
{
  WherryClientLink *self = user_data;

  self->events->channel (self->user_data, channel);
}

static gboolean
on_sign_due (gpointer data)
{
  WherryClientLink *self = data;

  if (!self->heard)
    return on_lost_limit (self);
  set_timer (self, WHERRY_ICE_GRACE_US - SIGN_OF_LIFE_US, on_lost_limit);
  return G_SOURCE_REMOVE;
}

/* While the server is there, a path that is lost is looked for anew at once: the relay waits for it
 * as long. */
static void
look_for_path (WherryClientLink *self)
{
  if (self->tunneled) /* that is how they go, and this is tried again in its time */
    return;
  if (self->signaling == NULL)
    lose (self);
  if (self->restarting || self->lost || self->left != NULL)
    return;
  self->restarting = TRUE;
  self->heard = FALSE;
  if (self->resumable)
    set_timer (self, SIGN_OF_LIFE_US, on_sign_due);
  else
    set_timer (self, WHERRY_ICE_GRACE_US, on_lost_limit);
  wherry_peer_connection_restart_ice (self->connection);
  self->events->wavering (self->user_data, TRUE);
}

static void
find_path (WherryClientLink *self)
{
  if (!self->restarting)
    return;
  self->restarting = FALSE;
  if (!self->lost && self->left == NULL)
    wherry_clock_clear_source (&self->timer);
  self->events->wavering (self->user_data, FALSE);
}

static void
on_connection_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer user_data)
{
  WherryClientLink *self = user_data;

  switch (wherry_peer_connection_get_connection_state (connection))
    {
    case WHERRY_CONNECTION_STATE_FAILED:
      if (self->connected)
        look_for_path (self);
      else if (!wherry_client_link_ask_tunnel (self))
        end (self, WHERRY_ERROR_CLOSED, FALSE, "no data could pass to the relay");
      break;
    case WHERRY_CONNECTION_STATE_DISCONNECTED:
      if (self->connected)
        look_for_path (self);
      break;
    case WHERRY_CONNECTION_STATE_CONNECTED:
      find_path (self);
      break;
    case WHERRY_CONNECTION_STATE_NEW:
    case WHERRY_CONNECTION_STATE_CONNECTING:
    case WHERRY_CONNECTION_STATE_CLOSED:
    default:
      break;
    }
}

static void
connect_peer (WherryClientLink *self, const WherrySignal *joined)
{
  g_autoptr (WherryConfiguration) configuration
      = wherry_client_link_make_configuration (self, joined);
  g_autoptr (GError) error = NULL;

  self->connection = wherry_peer_connection_new (configuration, &error);
  /* the relay's notices; with it the offer always has a section for data */
  if (self->connection != NULL)
    self->notices = wherry_peer_connection_create_data_channel (self->connection, LABEL_NOTICES,
                                                                NULL, &error);
  if (self->notices == NULL)
    {
      wherry_client_link_end (self, error, FALSE);
      return;
    }
  wherry_client_link_negotiate (self);
  g_signal_connect (self->connection, "data-channel", G_CALLBACK (on_data_channel), self);
  g_signal_connect (self->connection, "notify::connection-state", G_CALLBACK (on_connection_state),
                    self);
  g_signal_connect (self->notices, "open", G_CALLBACK (on_notices_open), self);
  g_signal_connect (self->notices, "closed", G_CALLBACK (on_notices_closed), self);
  g_signal_connect (self->notices, "message", G_CALLBACK (on_notice), self);
  self->events->prepare (self->user_data, self->connection);
}

/* ---- signaling ---- */

static void
on_open (gpointer user_data)
{
  WherryClientLink *self = user_data;

  wherry_signaling_client_send (self->signaling, self->events->join (self->user_data));
}

static void
handle_error (WherryClientLink *self, const WherrySignal *signal)
{
  static const struct
  {
    WherrySignalError code;
    WherryError error;
    gboolean is_final;
  } table[] = {
    { WHERRY_SIGNAL_ERROR_BAD_ROOM, WHERRY_ERROR_INVALID_ARGUMENT, TRUE },
    { WHERRY_SIGNAL_ERROR_BAD_MESSAGE, WHERRY_ERROR_INVALID_ARGUMENT, TRUE },
    { WHERRY_SIGNAL_ERROR_UNAUTHORIZED, WHERRY_ERROR_UNVERIFIED, TRUE },
    { WHERRY_SIGNAL_ERROR_FORBIDDEN, WHERRY_ERROR_FORBIDDEN, TRUE },
    { WHERRY_SIGNAL_ERROR_BAD_SDP, WHERRY_ERROR_PROTOCOL, TRUE },
    { WHERRY_SIGNAL_ERROR_ROOM_FULL, WHERRY_ERROR_LIMIT, FALSE },
    { WHERRY_SIGNAL_ERROR_SERVER_FULL, WHERRY_ERROR_LIMIT, FALSE },
    { WHERRY_SIGNAL_ERROR_RATE_LIMITED, WHERRY_ERROR_LIMIT, FALSE },
  };
  gboolean is_fatal
      = !self->connected
        && (g_strcmp0 (signal->ref, "join") == 0 || g_strcmp0 (signal->ref, "offer") == 0);

  if (!self->joined && signal->code == WHERRY_SIGNAL_ERROR_RESUME_REFUSED)
    {
      self->events->signal (self->user_data, signal);
      if (self->events != NULL)
        on_open (self); /* anew */
      return;
    }
  if (!is_fatal)
    {
      if (self->connected && g_strcmp0 (signal->ref, "offer") == 0)
        wherry_client_link_take_refusal (self);
      self->events->signal (self->user_data, signal);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (table[i].code == signal->code)
      {
        end (self, table[i].error, table[i].is_final, signal->message);
        return;
      }
  end (self, WHERRY_ERROR_CLOSED, FALSE, signal->message);
}

static void
handle_left (WherryClientLink *self, WherryLeaveReason reason)
{
  g_autofree char *text = g_strdup_printf ("the relay ended the membership: %s",
                                           wherry_leave_reason_to_string (reason));
  gboolean is_final = reason == WHERRY_LEAVE_KICKED || reason == WHERRY_LEAVE_BANNED
                      || reason == WHERRY_LEAVE_EXPIRED || reason == WHERRY_LEAVE_REPLACED;

  end (self, is_final ? WHERRY_ERROR_FORBIDDEN : WHERRY_ERROR_CLOSED, is_final, text);
}

static void
on_signal (gpointer user_data, const WherrySignal *signal)
{
  g_autoptr (WherryClientLink) self = wherry_client_link_ref (user_data);

  self->heard = TRUE;
  if (signal->type == WHERRY_SIGNAL_JOINED && !self->joined)
    {
      self->joined = TRUE;
      self->resumable = signal->resume != NULL;
      wherry_client_link_arm_tunnel (self, signal);
      self->events->joined (self->user_data, signal);
      if (self->events != NULL)
        connect_peer (self, signal);
    }
  else if (signal->type == WHERRY_SIGNAL_ANSWER)
    wherry_client_link_take_answer (self, signal);
  else if (signal->type == WHERRY_SIGNAL_CANDIDATE)
    wherry_client_link_take_candidate (self, signal);
  else if (signal->type == WHERRY_SIGNAL_RESTART && self->connection != NULL)
    wherry_peer_connection_restart_ice (self->connection);
  else if (signal->type == WHERRY_SIGNAL_TUNNEL)
    wherry_client_link_take_tunnel (self);
  else if (signal->type == WHERRY_SIGNAL_LEFT)
    handle_left (self, signal->reason);
  else if (signal->type == WHERRY_SIGNAL_ERROR)
    handle_error (self, signal);
  else
    self->events->signal (self->user_data, signal);
}

static void
on_signaling_closed (gpointer user_data, const GError *error)
{
  WherryClientLink *self = user_data;

  /* the peer connection lives on without its socket */
  g_clear_pointer (&self->signaling, wherry_signaling_client_free);
  if (wherry_client_link_lose_tunnel (self) || !self->connected || self->left != NULL || self->lost
      || self->restarting)
    wherry_client_link_end (self, error, FALSE);
}

static const WherrySignalingClientEvents signaling_events = {
  .open = on_open,
  .signal = on_signal,
  .binary = wherry_client_link_take_frames,
  .closed = on_signaling_closed,
};

/* ---- life ---- */

WherryClientLink *
wherry_client_link_new (const WherryClientLinkOptions *options,
                        const WherryClientLinkEvents *events, gpointer user_data, GError **error)
{
  g_autoptr (WherryClientLink) self = g_new0 (WherryClientLink, 1);

  self->ref_count = 1;
  self->context = g_main_context_ref_thread_default ();
  self->clock = wherry_clock_ref (options->clock);
  self->events = events;
  self->user_data = user_data;
  self->configuration
      = options->configuration != NULL ? g_object_ref (options->configuration) : NULL;
  self->signaling = wherry_signaling_client_new (options->uri, &signaling_events, self, error);
  if (self->signaling == NULL)
    return NULL;
  set_timer (self, WHERRY_CONNECT_LIMIT_US, on_connect_limit);
  return g_steal_pointer (&self);
}

void
wherry_client_link_free (WherryClientLink *self)
{
  let_go (self, NULL);
  wherry_client_link_unref (self);
}

WherryPeerConnection *
wherry_client_link_get_connection (WherryClientLink *self)
{
  return self->connection;
}

gboolean
wherry_client_link_send (WherryClientLink *self, char *text, GError **error)
{
  if (self->signaling != NULL && wherry_signaling_client_is_open (self->signaling))
    return wherry_signaling_client_send (self->signaling, text);
  g_free (text);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "the signaling socket is closed");
  return FALSE;
}

static gboolean
on_leave_limit (gpointer data)
{
  end (data, WHERRY_ERROR_TIMEOUT, FALSE, "the server did not say goodbye");
  return G_SOURCE_REMOVE;
}

static void
say_leave (WherryClientLink *self)
{
  if (self->joined && self->signaling != NULL
      && wherry_signaling_client_send (self->signaling, wherry_signal_write_leave (NULL)))
    set_timer (self, LEAVE_STEP_US, on_leave_limit);
  else /* from the context: whoever leaves is not called from inside that */
    set_timer (self, 0, on_leave_limit);
}

static gboolean
on_drain_limit (gpointer data)
{
  say_leave (data);
  return G_SOURCE_REMOVE;
}

static void
on_channels_changed (GListModel *channels, guint position, guint removed, guint added,
                     gpointer user_data)
{
  WherryClientLink *self = user_data;

  if (g_list_model_get_n_items (channels) > 0)
    return;
  g_signal_handlers_disconnect_by_func (channels, on_channels_changed, self);
  say_leave (self);
}

void
wherry_client_link_leave (WherryClientLink *self, void (*done) (gpointer user_data),
                          gpointer user_data)
{
  GListModel *channels
      = self->connected ? wherry_peer_connection_get_channels (self->connection) : NULL;
  g_autoptr (GPtrArray) open = g_ptr_array_new_with_free_func (g_object_unref);

  self->left = done;
  self->left_data = user_data;
  if (channels == NULL || g_list_model_get_n_items (channels) == 0)
    {
      say_leave (self);
      return;
    }
  set_timer (self, LEAVE_STEP_US, on_drain_limit);
  g_signal_connect (channels, "items-changed", G_CALLBACK (on_channels_changed), self);
  for (guint i = 0; i < g_list_model_get_n_items (channels); i++)
    g_ptr_array_add (open, g_list_model_get_item (channels, i));
  for (guint i = 0; i < open->len; i++)
    wherry_data_channel_close (g_ptr_array_index (open, i));
}
