/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "lib/wherry-certificate-private.h"
#include "lib/wherry-configuration-private.h"
#include "lib/wherry-connection-private.h"

/* ---- what the peer tells ---- */

static void
on_description (gpointer user_data, WherrySdpType type, const char *sdp)
{
  wherry_bug ("a peer that goes by steps told a description");
}

static void
on_refused (gpointer user_data, WherryPeerRequest request, const GError *error)
{
  wherry_bug ("a peer that goes by steps refused a request");
}

static void
on_candidate (gpointer user_data, const char *candidate, const char *mid, guint mline_index,
              const char *ufrag)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  if (!self->closed)
    wherry_connection_tell_candidate (self, candidate, mid, mline_index, ufrag);
}

static void
on_state (gpointer user_data, WherryPeerState state, const WherryPeerPath *path)
{
  /* the layers tell more */
}

static void
on_stepped (gpointer user_data, const WherryPeerStep *step, const GError *error)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  if (!self->closed)
    wherry_connection_stepped (self, step, error);
}

static void
on_layer (gpointer user_data, WherryPeerLayer layer, WherryTransportState state,
          const GError *error)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  if (!self->closed)
    wherry_connection_set_layer (self, layer, state, error);
}

/* Closed, and the peer has finished: nothing comes any more. */
static void
release (WherryConnection *self)
{
  GQueue tasks = self->close_tasks; /* each holds the object, and so all of this */

  g_queue_init (&self->close_tasks);
  wherry_inbox_drain (self->inbox);
  wherry_inbox_close (self->inbox);
  wherry_connection_drop_outgoing (self);
  wherry_network_thread_release (self->network);
  wherry_connection_unref (self); /* the peer's reference */
  while (!g_queue_is_empty (&tasks))
    {
      g_autoptr (GTask) task = g_queue_pop_head (&tasks);

      g_task_return_boolean (task, TRUE);
    }
}

/* Either it was closed, or the peer could not even begin. */
static void
on_finished (gpointer user_data, WherryPeerEnd end, const GError *error)
{
  WherryConnection *self = user_data;

  self->finished = TRUE;
  if (self->closed)
    {
      release (self);
      return;
    }
  wherry_connection_fail_stats (self);
  wherry_info (NULL, "connection ended: %s", error != NULL ? error->message : "");
  wherry_connection_set_layer (self, WHERRY_PEER_LAYER_ICE, WHERRY_TRANSPORT_FAILED, error);
}

static void
on_pair (gpointer user_data)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  if (!self->closed && !self->finished)
    wherry_connection_refresh_transports (self);
}

static void
on_candidate_error (gpointer user_data, const WherryPeerCandidateError *error)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);
  g_autoptr (GObject) shell = wherry_connection_get_shell (self);

  if (shell != NULL)
    g_signal_emit_by_name (shell, "ice-candidate-error", error->address, (guint) error->port,
                           error->url, error->code, error->text);
}

static void
on_addresses_changed (gpointer user_data, gboolean lost)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  self->lost_address = lost;
  if (!self->closed)
    wherry_connection_restart_ice (self);
}

static void
on_tunnel_output (gpointer user_data, GBytes *frames)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  if (self->carrier != NULL)
    self->carrier->output (self->carrier_data, frames);
}

static void
on_tunnel_moved (gpointer user_data, gboolean tunneled)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);

  if (self->carrier != NULL)
    self->carrier->moved (self->carrier_data, tunneled);
}

void
wherry_connection_set_carrier (WherryConnection *self, const WherryConnectionCarrier *carrier,
                               gpointer carrier_data)
{
  self->carrier = carrier;
  self->carrier_data = carrier_data;
  if (carrier != NULL)
    wherry_peer_post_tunnel (self->peer, FALSE);
}

static const WherryPeerHubEvents hub_events = {
  .description = on_description,
  .candidate = on_candidate,
  .refused = on_refused,
  .state = on_state,
  .finished = on_finished,
  .stepped = on_stepped,
  .layer = on_layer,
  .pair = on_pair,
  .candidate_error = on_candidate_error,
  .addresses_changed = on_addresses_changed,
  .tunnel_output = on_tunnel_output,
  .tunnel_moved = on_tunnel_moved,
};

/* ---- life ---- */

static gboolean
start_peer (WherryConnection *self, WherryConfiguration *configuration, GError **error)
{
  g_autoptr (WherryIceConfig) ice = NULL;
  g_autofree char *id
      = g_strdup_printf ("%08x%08x", (guint) g_random_int (), (guint) g_random_int ());
  WherryPeerConfig config = {
    .id = id,
    .max_channels = WHERRY_CHANNELS_PER_CONNECTION,
    .long_names = TRUE,
    .leaves_ids = TRUE,
    .outlives_failure = TRUE,
    .max_message_size = wherry_configuration_get_max_message_size (configuration),
    .worker = wherry_network_thread_get_worker (self->network),
  };

  ice = wherry_configuration_to_ice (configuration, error);
  if (ice == NULL)
    return FALSE;
  config.ice = ice;
  if (wherry_configuration_get_certificate (configuration) != NULL)
    config.certificate
        = wherry_certificate_get_dtls (wherry_configuration_get_certificate (configuration));
  self->peer = wherry_peer_new (&config, self->context, &hub_events, wherry_connection_ref (self),
                                &wherry_connection_delegate, wherry_connection_ref (self), error);
  if (self->peer == NULL)
    {
      wherry_connection_unref (self);
      wherry_connection_unref (self);
    }
  return self->peer != NULL;
}

WherryConnection *
wherry_connection_new (WherryConfiguration *configuration, GError **error)
{
  g_autoptr (WherryConnection) self = NULL;
  g_autoptr (WherryConfiguration) plain = NULL;
  WherryCertificate *certificate;

  if (configuration == NULL)
    configuration = plain = wherry_configuration_new ();
  certificate = wherry_configuration_get_certificate (configuration);
  if (certificate != NULL && wherry_certificate_has_expired (certificate))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "Making a connection: its certificate has expired");
      return NULL;
    }
  self = g_new0 (WherryConnection, 1);
  wherry_ref_init (&self->ref_count);
  self->context = g_main_context_ref_thread_default ();
  wherry_owner_init (&self->creator);
  self->inbox = wherry_inbox_new (self->context, 0, 0, NULL, wherry_connection_handle_event, self,
                                  wherry_connection_event_free);
  self->send_buffer_limit = wherry_configuration_get_send_buffer_limit (configuration);
  g_weak_ref_init (&self->shell, NULL);
  wherry_lock_init (&self->lock);
  self->touched = g_ptr_array_new ();
  self->configuration = wherry_configuration_copy (configuration);
  self->channels = g_list_store_new (WHERRY_TYPE_DATA_CHANNEL);
  self->by_id = g_hash_table_new (NULL, NULL);
  self->holding = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_channel_core_unref);
  self->remote_max_message_size = WHERRY_MAX_MESSAGE_SIZE_ABSENT;
  self->network
      = wherry_network_thread_acquire (self->context,
                                       wherry_configuration_get_own_thread (configuration), error);
  if (self->network != NULL && start_peer (self, configuration, error))
    return g_steal_pointer (&self);
  if (self->network != NULL)
    wherry_network_thread_release (self->network);
  wherry_inbox_close (self->inbox);
  return NULL;
}

WherryConnection *
wherry_connection_ref (WherryConnection *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_connection_unref (WherryConnection *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_clear_pointer (&self->peer, wherry_peer_unref);
  wherry_inbox_unref (self->inbox);
  g_main_context_unref (self->context);
  g_weak_ref_clear (&self->shell);
  wherry_lock_clear (&self->lock);
  g_ptr_array_unref (self->touched);
  g_ptr_array_unref (self->holding);
  g_clear_pointer (&self->replaced_ufrags, g_ptr_array_unref);
  wherry_connection_clear_slots (self);
  g_free (self->gathered_ufrag);
  g_clear_object (&self->sctp_transport);
  g_clear_object (&self->configuration);
  g_clear_object (&self->channels);
  g_hash_table_unref (self->by_id);
  g_free (self);
}

gpointer
wherry_connection_get_shell (WherryConnection *self)
{
  return self->closed ? NULL : g_weak_ref_get (&self->shell);
}

void
wherry_connection_post_gone (WherryConnection *self)
{
  wherry_peer_post_close (self->peer);
  wherry_connection_post_from_outside (self, WHERRY_CONNECTION_EVENT_GONE, NULL);
}

void
wherry_connection_close (WherryConnection *self)
{
  G_GNUC_UNUSED g_autoptr (WherryConnection) kept = wherry_connection_ref (self);

  if (self->closed)
    return;
  self->closed = TRUE;
  wherry_peer_post_close (self->peer);
  if (self->negotiation_source != NULL)
    g_source_destroy (self->negotiation_source);
  g_clear_pointer (&self->negotiation_source, g_source_unref);
  wherry_connection_clear_late (self);
  wherry_connection_set_closed_states (self);
  wherry_connection_close_channels (self);
  wherry_connection_fail_operations (self);
  wherry_connection_fail_stats (self);
  if (self->finished)
    release (self);
}

void
wherry_connection_close_task (WherryConnection *self, GTask *task)
{
  gboolean is_over = self->closed && self->finished;

  if (!is_over)
    g_queue_push_tail (&self->close_tasks, g_object_ref (task));
  wherry_connection_close (self);
  if (is_over)
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* ---- events ---- */

void
wherry_connection_event_free (gpointer data)
{
  WherryConnectionEvent *event = data;

  g_clear_pointer (&event->channel, wherry_channel_core_unref);
  g_clear_pointer (&event->message, wherry_message_unref);
  g_clear_error (&event->error);
  g_clear_pointer (&event->snapshot, wherry_connection_snapshot_free);
  g_free (event);
}

static WherryConnectionEvent *
event_new (WherryConnectionEventType type, WherryChannelCore *channel)
{
  WherryConnectionEvent *event = g_new0 (WherryConnectionEvent, 1);

  event->type = type;
  event->channel = channel != NULL ? wherry_channel_core_ref (channel) : NULL;
  event->id = -1;
  return event;
}

void
wherry_connection_post (WherryConnection *self, WherryConnectionEventType type,
                        WherryChannelCore *channel, WherryMessage *message, int id, GError *error)
{
  WherryConnectionEvent *event = event_new (type, channel);

  event->message = message;
  event->id = id;
  event->error = error;
  wherry_network_thread_post (self->network, self->inbox, event);
}

void
wherry_connection_post_from_outside (WherryConnection *self, WherryConnectionEventType type,
                                     WherryChannelCore *channel)
{
  wherry_inbox_post_urgent (self->inbox, event_new (type, channel));
}

void
wherry_connection_post_snapshot (WherryConnection *self, WherryConnectionSnapshot *snapshot)
{
  WherryConnectionEvent *event = event_new (WHERRY_CONNECTION_EVENT_SNAPSHOT, NULL);

  event->snapshot = snapshot;
  wherry_network_thread_post (self->network, self->inbox, event);
}

gboolean
wherry_connection_set_configuration (WherryConnection *self, WherryConfiguration *configuration,
                                     GError **error)
{
  WherryConfiguration *old = self->configuration;
  g_autoptr (WherryIceConfig) ice = NULL;

  if (self->closed)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "The connection is closed");
      return FALSE;
    }
  if (wherry_configuration_get_certificate (configuration)
          != wherry_configuration_get_certificate (old)
      || wherry_configuration_get_max_message_size (configuration)
             != wherry_configuration_get_max_message_size (old)
      || wherry_configuration_get_send_buffer_limit (configuration)
             != wherry_configuration_get_send_buffer_limit (old)
      || wherry_configuration_get_own_thread (configuration)
             != wherry_configuration_get_own_thread (old))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                   "Setting a configuration: certificate, limits and thread cannot be changed");
      return FALSE;
    }
  ice = wherry_configuration_to_ice (configuration, error);
  if (ice == NULL)
    return FALSE;
  wherry_peer_post_set_ice_config (self->peer, ice);
  g_object_unref (self->configuration);
  self->configuration = wherry_configuration_copy (configuration);
  wherry_connection_notify (self, "configuration");
  return TRUE;
}
