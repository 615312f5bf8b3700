/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-network.h"
#include "ice/wherry-ice-output.h"
#include "ice/wherry-ice-session-private.h"

static void wherry_ice_session_iface_init (WherryPacketTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryIceSession, wherry_ice_session, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_PACKET_TRANSPORT,
                                                      wherry_ice_session_iface_init))

gboolean
wherry_ice_session_check_open (WherryIceSession *self, GError **error)
{
  if (self->current != NULL && self->state != WHERRY_TRANSPORT_FAILED)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "ICE is %s",
               wherry_transport_state_to_string (self->state));
  return FALSE;
}

void
wherry_ice_session_set_state (WherryIceSession *self, WherryTransportState state,
                              const GError *error)
{
  if (self->state == state || self->state == WHERRY_TRANSPORT_FAILED
      || self->state == WHERRY_TRANSPORT_CLOSED)
    return;
  self->state = state;
  g_object_ref (self);
  wherry_packet_sink_state (&self->sink, state, error);
  g_object_unref (self);
}

static gboolean
wherry_ice_session_send (WherryPacketTransport *transport, const GOutputVector *packets, guint n,
                         GError **error)
{
  WherryIceSession *self = WHERRY_ICE_SESSION (transport);
  guint64 bytes = 0;
  WherryIceLost lost;

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_packet_sink_check_send ("ICE", self->state, WHERRY_MTU, packets, n, error))
    return FALSE;
  lost = wherry_ice_output_send (&self->current->output, self->current->agent,
                                 self->current->stream, packets, n, &self->log);
  for (guint i = 0; i < n; i++)
    bytes += packets[i].size;
  self->send_dropped += lost.packets;
  wherry_ice_session_count_sent (self, n - lost.packets, bytes - lost.bytes);
  return TRUE;
}

static void
wherry_ice_session_set_events (WherryPacketTransport *transport,
                               const WherryPacketTransportEvents *events, gpointer user_data)
{
  WherryIceSession *self = WHERRY_ICE_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  wherry_packet_sink_set_events (&self->sink, events, user_data);
  g_object_unref (self);
}

static WherryTransportState
wherry_ice_session_get_state (WherryPacketTransport *transport)
{
  return WHERRY_ICE_SESSION (transport)->state;
}

static gsize
wherry_ice_session_get_mtu (WherryPacketTransport *transport)
{
  return WHERRY_MTU;
}

void
wherry_ice_session_set_ice_state (WherryIceSession *self, WherryTransportState state,
                                  const GError *error)
{
  if (self->ice_state == state || self->current == NULL)
    return;
  self->ice_state = state;
  if (self->events != NULL && self->events->state != NULL)
    self->events->state (self->events_data, state, error);
}

/* Returns at once; everything else happens from the context. */
static void
begin_close (WherryIceSession *self)
{
  if (self->current == NULL)
    return;
  wherry_packet_sink_close (&self->sink);
  self->state = WHERRY_TRANSPORT_CLOSED;
  self->events = NULL;
  if (self->network_watch != NULL)
    self->config->network->unwatch (self->network_watch);
  self->network_watch = NULL;
  wherry_ice_session_end_restart (self);
  wherry_ice_generation_close (self->current, self->closing);
  g_clear_pointer (&self->current, wherry_ice_generation_unref);
}

static void
wherry_ice_session_close (WherryPacketTransport *transport)
{
  WherryIceSession *self = WHERRY_ICE_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);
  begin_close (self);
}

void
wherry_ice_session_close_async (WherryIceSession *self, GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  WHERRY_ASSERT_OWNER (self);

  g_main_context_push_thread_default (self->context);
  task = g_task_new (self, NULL, callback, user_data);
  g_main_context_pop_thread_default (self->context);
  g_task_set_source_tag (task, wherry_ice_session_close_async);
  begin_close (self);
  wherry_ice_closing_add (self->closing, g_steal_pointer (&task));
}

gboolean
wherry_ice_session_close_finish (WherryIceSession *self, GAsyncResult *result, GError **error)
{
  g_assert (g_task_is_valid (result, self));

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
wherry_ice_session_iface_init (WherryPacketTransportInterface *iface)
{
  iface->set_events = wherry_ice_session_set_events;
  iface->send = wherry_ice_session_send;
  iface->get_state = wherry_ice_session_get_state;
  iface->get_mtu = wherry_ice_session_get_mtu;
  iface->close = wherry_ice_session_close;
}

static void
wherry_ice_session_dispose (GObject *object)
{
  begin_close (WHERRY_ICE_SESSION (object));
  G_OBJECT_CLASS (wherry_ice_session_parent_class)->dispose (object);
}

static void
wherry_ice_session_finalize (GObject *object)
{
  WherryIceSession *self = WHERRY_ICE_SESSION (object);

  wherry_packet_sink_clear (&self->sink);
  g_clear_pointer (&self->closing, wherry_ice_closing_unref);
  g_clear_pointer (&self->config, wherry_ice_config_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  wherry_log_context_clear (&self->log);
  G_OBJECT_CLASS (wherry_ice_session_parent_class)->finalize (object);
}

static void
wherry_ice_session_class_init (WherryIceSessionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = wherry_ice_session_dispose;
  object_class->finalize = wherry_ice_session_finalize;
}

static void
wherry_ice_session_init (WherryIceSession *self)
{
  wherry_packet_sink_init (&self->sink);
}

static void
on_addresses_changed (gpointer user_data)
{
  g_autoptr (WherryIceSession) self = g_object_ref (user_data);

  WHERRY_ASSERT_OWNER (self);
  wherry_info (&self->log, "this machine's addresses have changed");
  if (self->events != NULL && self->events->addresses_changed != NULL)
    self->events->addresses_changed (self->events_data,
                                     wherry_ice_session_has_lost_address (self,
                                                                          self->config->network));
}

WherryIceSession *
wherry_ice_session_new (const WherryIceConfig *config, GMainContext *context,
                        const WherryLogContext *log, GError **error)
{
  g_autoptr (WherryIceSession) self = g_object_new (WHERRY_TYPE_ICE_SESSION, NULL);
  WherryIceCredentials local = { 0 };

  wherry_owner_init (&self->owner);
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->config = wherry_ice_config_copy (config);
  self->closing = wherry_ice_closing_new (self->context);
  wherry_log_context_copy (&self->log, log);
  wherry_ice_credentials_generate (&local);
  self->current = wherry_ice_session_make_generation (self, &local, error);
  wherry_ice_credentials_clear (&local);
  if (self->current == NULL)
    return NULL;
  if (self->config->network != NULL)
    self->network_watch = self->config->network->watch (self->context, on_addresses_changed, self);
  return g_steal_pointer (&self);
}

gboolean
wherry_ice_session_get_selected_pair (WherryIceSession *self, WherryIcePair *pair)
{
  WHERRY_ASSERT_OWNER (self);

  return self->current != NULL && wherry_ice_generation_get_pair (self->current, pair);
}

gboolean
wherry_ice_session_has_lost_address (WherryIceSession *self, const WherryIceNetwork *network)
{
  char address[NICE_ADDRESS_STRING_LEN];

  WHERRY_ASSERT_OWNER (self);

  return self->current != NULL
         && wherry_ice_agent_get_base (self->current->agent, self->current->stream, address)
         && !network->has_address (address);
}
