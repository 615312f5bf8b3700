/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/wherry-direct-channel.h"

#include <string.h>

#include <glib/gi18n.h>

#define LABEL "wherry-file"
#define PROTOCOL "wherry.file.1"
/* From the offer to the open channel. */
#define PATIENCE_S 30

struct _WherryDirectChannel
{
  WherryPeerConnection *connection; /* (nullable) */
  WherryDataChannel *channel;       /* (nullable) */
  GCancellable *cancellable;
  gboolean is_offerer;
  gboolean is_described, is_closed;
  guint patience; /* a source */
  WherryDirectChannelHooks hooks;
  gpointer user_data;
};

static void
tell_closed (WherryDirectChannel *self, const GError *error)
{
  g_clear_handle_id (&self->patience, g_source_remove);
  if (self->is_closed)
    return;
  self->is_closed = TRUE;
  self->hooks.closed (error, self->user_data);
}

static void
tell_lost (WherryDirectChannel *self, int code, const char *what)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, code, what);

  tell_closed (self, error);
}

static gboolean
on_patience (gpointer data)
{
  WherryDirectChannel *self = data;

  self->patience = 0;
  tell_lost (self, WHERRY_ERROR_TIMEOUT,
             _ ("no direct way to the other side was found; try it without --direct"));
  return G_SOURCE_REMOVE;
}

/* ---- the channel ---- */

static void
on_open (WherryDataChannel *channel, WherryDirectChannel *self)
{
  if (self->is_closed)
    return;
  g_clear_handle_id (&self->patience, g_source_remove);
  self->hooks.opened (self->user_data);
}

static void
on_message (WherryDataChannel *channel, GBytes *data, gboolean is_text, WherryDirectChannel *self)
{
  if (!self->is_closed && !is_text)
    self->hooks.message (data, self->user_data);
}

static void
on_closed (WherryDataChannel *channel, WherryDirectChannel *self)
{
  tell_lost (self, WHERRY_ERROR_CLOSED, _ ("the direct connection was closed"));
}

static void
use_channel (WherryDirectChannel *self, WherryDataChannel *channel)
{
  self->channel = g_object_ref (channel);
  g_signal_connect (channel, "open", G_CALLBACK (on_open), self);
  g_signal_connect (channel, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (channel, "message", G_CALLBACK (on_message), self);
  if (wherry_data_channel_get_ready_state (channel) == WHERRY_DATA_CHANNEL_STATE_OPEN)
    on_open (channel, self);
}

static void
on_data_channel (WherryPeerConnection *connection, WherryDataChannel *channel,
                 WherryDirectChannel *self)
{
  if (self->channel == NULL && strcmp (wherry_data_channel_get_label (channel), LABEL) == 0)
    use_channel (self, channel);
}

/* ---- the descriptions ---- */

static void
describe_when_gathered (WherryDirectChannel *self)
{
  WherrySessionDescription *description
      = wherry_peer_connection_get_local_description (self->connection);

  if (self->is_described || self->is_closed || description == NULL
      || wherry_peer_connection_get_ice_gathering_state (self->connection)
             != WHERRY_ICE_GATHERING_STATE_COMPLETE)
    return;
  self->is_described = TRUE;
  self->hooks.described (wherry_session_description_get_sdp (description), self->user_data);
}

static void
on_state (WherryDirectChannel *self)
{
  if (wherry_peer_connection_get_connection_state (self->connection)
      == WHERRY_CONNECTION_STATE_FAILED)
    tell_lost (self, WHERRY_ERROR_CLOSED, _ ("the direct connection is lost"));
}

static void
on_described (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryDirectChannel *self = data;
  g_autoptr (GError) error = NULL;

  if (wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                           &error))
    describe_when_gathered (self);
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tell_closed (self, error);
}

static void
describe (WherryDirectChannel *self)
{
  wherry_peer_connection_set_local_description_async (self->connection, NULL, self->cancellable,
                                                      on_described, self);
}

static void
on_remote (GObject *source, GAsyncResult *result, gpointer data)
{
  WherryDirectChannel *self = data;
  g_autoptr (GError) error = NULL;

  if (!wherry_peer_connection_set_remote_description_finish (WHERRY_PEER_CONNECTION (source),
                                                             result, &error))
    {
      if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        tell_closed (self, error);
    }
  else if (!self->is_offerer)
    describe (self);
}

static void
set_remote (WherryDirectChannel *self, WherryDescriptionType type, const char *sdp)
{
  g_autoptr (WherrySessionDescription) description = wherry_session_description_new (type, sdp);

  wherry_peer_connection_set_remote_description_async (self->connection, description,
                                                       self->cancellable, on_remote, self);
}

static gboolean
begin (WherryDirectChannel *self, WherryConfiguration *configuration, const char *offer,
       GError **error)
{
  g_autoptr (WherryDataChannelInit) init = wherry_data_channel_init_new ();
  g_autoptr (WherryDataChannel) channel = NULL;

  self->connection = wherry_peer_connection_new (configuration, error);
  if (self->connection == NULL)
    return FALSE;
  g_signal_connect_swapped (self->connection, "notify::ice-gathering-state",
                            G_CALLBACK (describe_when_gathered), self);
  g_signal_connect_swapped (self->connection, "notify::connection-state", G_CALLBACK (on_state),
                            self);
  g_signal_connect (self->connection, "data-channel", G_CALLBACK (on_data_channel), self);
  if (offer != NULL)
    {
      set_remote (self, WHERRY_DESCRIPTION_TYPE_OFFER, offer);
      return TRUE;
    }
  wherry_data_channel_init_set_protocol (init, PROTOCOL);
  channel = wherry_peer_connection_create_data_channel (self->connection, LABEL, init, error);
  if (channel == NULL)
    return FALSE;
  use_channel (self, channel);
  describe (self);
  return TRUE;
}

/* A source, since nobody expects to be told that it is over before it has begun. */
static gboolean
on_stillborn (gpointer data)
{
  WherryDirectChannel *self = data;

  self->patience = 0;
  tell_lost (self, WHERRY_ERROR_RESOURCES, _ ("no direct connection can be made here"));
  return G_SOURCE_REMOVE;
}

WherryDirectChannel *
wherry_direct_channel_new (WherryConfiguration *configuration, const char *offer,
                           const WherryDirectChannelHooks *hooks, gpointer user_data)
{
  WherryDirectChannel *self = g_new0 (WherryDirectChannel, 1);
  g_autoptr (GError) error = NULL;

  self->cancellable = g_cancellable_new ();
  self->is_offerer = offer == NULL;
  self->hooks = *hooks;
  self->user_data = user_data;
  if (begin (self, configuration, offer, &error))
    {
      self->patience = g_timeout_add_seconds (PATIENCE_S, on_patience, self);
      return self;
    }
  g_info ("%s", error->message);
  self->patience = g_idle_add (on_stillborn, self);
  return self;
}

void
wherry_direct_channel_free (WherryDirectChannel *self)
{
  g_clear_handle_id (&self->patience, g_source_remove);
  g_cancellable_cancel (self->cancellable);
  if (self->channel != NULL)
    g_signal_handlers_disconnect_by_data (self->channel, self);
  g_clear_object (&self->channel);
  if (self->connection != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->connection, self);
      wherry_peer_connection_close (self->connection);
    }
  g_clear_object (&self->connection);
  g_object_unref (self->cancellable);
  g_free (self);
}

void
wherry_direct_channel_answer (WherryDirectChannel *self, const char *sdp)
{
  if (self->connection != NULL && self->is_offerer && !self->is_closed)
    set_remote (self, WHERRY_DESCRIPTION_TYPE_ANSWER, sdp);
}

gboolean
wherry_direct_channel_is_open (WherryDirectChannel *self)
{
  return self->channel != NULL
         && wherry_data_channel_get_ready_state (self->channel) == WHERRY_DATA_CHANNEL_STATE_OPEN;
}

gboolean
wherry_direct_channel_send (WherryDirectChannel *self, GBytes *message)
{
  g_autoptr (GError) error = NULL;

  if (!wherry_direct_channel_is_open (self))
    return FALSE;
  if (wherry_data_channel_send_bytes (self->channel, message, &error))
    return TRUE;
  g_info ("%s", error->message);
  return FALSE;
}

void
wherry_direct_channel_close (WherryDirectChannel *self)
{
  if (self->channel != NULL)
    wherry_data_channel_close (self->channel);
}

WherryPeerConnection *
wherry_direct_channel_get_connection (WherryDirectChannel *self)
{
  return self->connection;
}
