/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-ice"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-owner.h"
#include "ice/wherry-ice-agent.h"
#include "ice/wherry-ice-announcer.h"
#include "ice/wherry-ice-closing.h"
#include "ice/wherry-ice-output.h"
#include "ice/wherry-ice-remote.h"
#include "ice/wherry-ice-session.h"
#include "transport/wherry-packet-sink.h"

struct _WherryIceSession
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  GMainContext *context;
  WherryLogContext log; /* own copies */
  /* peer thread only */
  WherryOwner owner;
  WherryIceConfig *config;
  NiceAgent *agent; /* NULL once closing */
  guint stream;
  WherryPacketSink sink;
  WherryIceAnnouncer announcer;
  WherryTransportState state;
  char *local_ufrag;
  char *local_pwd;
  WherryIceRemote remote;
  gboolean gathered;   /* gather() was called, successfully */
  gboolean restarting; /* since restart(), until connected anew */
  GSource *restart_limit;
  gboolean checks_failed;
  guint64 send_dropped;
  WherryIceClosing *closing; /* NULL before */
};

static void wherry_ice_session_iface_init (WherryPacketTransportInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryIceSession, wherry_ice_session, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (WHERRY_TYPE_PACKET_TRANSPORT,
                                                      wherry_ice_session_iface_init))

static gboolean
check_open (WherryIceSession *self, GError **error)
{
  if (self->agent != NULL && self->state != WHERRY_TRANSPORT_FAILED)
    return TRUE;
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED, "ICE is %s",
               wherry_transport_state_to_string (self->state));
  return FALSE;
}

static void
set_state (WherryIceSession *self, WherryTransportState state, const GError *error)
{
  if (self->state == state || self->state == WHERRY_TRANSPORT_FAILED
      || self->state == WHERRY_TRANSPORT_CLOSED)
    return;
  self->state = state;
  g_object_ref (self);
  wherry_packet_sink_state (&self->sink, state, error);
  g_object_unref (self);
}

static void
on_new_candidate (NiceAgent *agent, NiceCandidate *candidate, WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  wherry_ice_announcer_candidate (&self->announcer, candidate);
  g_object_unref (self);
}

static void
on_gathering_done (NiceAgent *agent, guint stream, WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  if (!self->announcer.done)
    wherry_ice_announcer_done (&self->announcer);
  g_object_unref (self);
}

static void
clear_restart_limit (WherryIceSession *self)
{
  if (self->restart_limit != NULL)
    g_source_destroy (self->restart_limit);
  g_clear_pointer (&self->restart_limit, g_source_unref);
}

static void
connected (WherryIceSession *self)
{
  self->restarting = FALSE;
  self->checks_failed = FALSE;
  clear_restart_limit (self);
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    wherry_ice_agent_log_pair (self->agent, self->stream, &self->log);
  set_state (self, WHERRY_TRANSPORT_CONNECTED, NULL);
}

static void
consent_ended (WherryIceSession *self)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, WHERRY_ERROR_TIMEOUT,
                                                  "the other side no longer answers (ICE consent)");

  wherry_info (&self->log, "%s", error->message);
  set_state (self, WHERRY_TRANSPORT_FAILED, error);
}

static gboolean
on_restart_limit (gpointer user_data)
{
  clear_restart_limit (user_data);
  consent_ended (user_data);
  return G_SOURCE_REMOVE;
}

/* Before the first connection the layer above decides how long to wait (see the header). In a
 * restart the other side may not have our description yet, so it gets as long as for a first one.
 */
static void
failed (WherryIceSession *self)
{
  self->checks_failed = TRUE;
  if (self->state != WHERRY_TRANSPORT_CONNECTED)
    wherry_debug (&self->log, "ICE checks failed; waiting for the other side's");
  else if (!self->restarting)
    consent_ended (self);
  else if (self->restart_limit == NULL)
    {
      self->restart_limit = g_timeout_source_new (WHERRY_CONNECT_LIMIT_US / 1000);
      g_source_set_callback (self->restart_limit, on_restart_limit, self, NULL);
      g_source_attach (self->restart_limit, self->context);
    }
}

static void
on_state_changed (NiceAgent *agent, guint stream, guint component, guint state,
                  WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  wherry_debug (&self->log, "libnice: %s", nice_component_state_to_string (state));
  if (state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY)
    connected (self);
  else if (state == NICE_COMPONENT_STATE_FAILED)
    failed (self);
}

static void
on_received (NiceAgent *agent, guint stream, guint component, guint length, char *data,
             gpointer user_data)
{
  WherryIceSession *self = user_data;

  WHERRY_ASSERT_OWNER (self);

  g_object_ref (self);
  wherry_packet_sink_packet (&self->sink, (const guint8 *) data, length);
  g_object_unref (self);
}

static gboolean
wherry_ice_session_send (WherryPacketTransport *transport, const GOutputVector *packets, guint n,
                         GError **error)
{
  WherryIceSession *self = WHERRY_ICE_SESSION (transport);

  WHERRY_ASSERT_OWNER (self);

  if (!wherry_packet_sink_check_send ("ICE", self->state, WHERRY_MTU, packets, n, error))
    return FALSE;
  self->send_dropped += wherry_ice_output_send (self->agent, self->stream, packets, n, &self->log);
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

/* Returns at once; everything else happens from the context. */
static void
begin_close (WherryIceSession *self)
{
  if (self->agent == NULL)
    return;
  clear_restart_limit (self);
  wherry_packet_sink_close (&self->sink);
  self->state = WHERRY_TRANSPORT_CLOSED;
  self->announcer.events = NULL;
  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context, NULL,
                          NULL);
  g_signal_handlers_disconnect_by_data (self->agent, self);
  self->closing
      = wherry_ice_closing_begin (g_steal_pointer (&self->agent), self->stream, self->context);
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
  wherry_ice_remote_clear (&self->remote);
  g_clear_pointer (&self->config, wherry_ice_config_free);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->local_ufrag);
  g_free (self->local_pwd);
  g_free ((char *) self->log.peer);
  g_free ((char *) self->log.room);
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
read_local_credentials (WherryIceSession *self)
{
  g_clear_pointer (&self->local_ufrag, g_free);
  g_clear_pointer (&self->local_pwd, g_free);
  nice_agent_get_local_credentials (self->agent, self->stream, &self->local_ufrag,
                                    &self->local_pwd);
}

WherryIceSession *
wherry_ice_session_new (const WherryIceConfig *config, GMainContext *context,
                        const WherryLogContext *log, GError **error)
{
  g_autoptr (WherryIceSession) self = g_object_new (WHERRY_TYPE_ICE_SESSION, NULL);

  wherry_owner_init (&self->owner);
  self->context = g_main_context_ref (context != NULL ? context : g_main_context_default ());
  self->config = wherry_ice_config_copy (config);
  wherry_ice_remote_init (&self->remote, self->config);
  self->announcer.config = self->config;
  self->log.peer = g_strdup (log != NULL ? log->peer : NULL);
  self->log.room = g_strdup (log != NULL ? log->room : NULL);
  self->agent = wherry_ice_agent_new (self->config, self->context, &self->stream, error);
  if (self->agent == NULL)
    return NULL;
  g_signal_connect (self->agent, "new-candidate-full", G_CALLBACK (on_new_candidate), self);
  g_signal_connect (self->agent, "candidate-gathering-done", G_CALLBACK (on_gathering_done), self);
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_state_changed), self);
  nice_agent_attach_recv (self->agent, self->stream, WHERRY_ICE_COMPONENT, self->context,
                          on_received, self);
  read_local_credentials (self);
  return g_steal_pointer (&self);
}

void
wherry_ice_session_set_session_events (WherryIceSession *self, const WherryIceSessionEvents *events,
                                       gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);

  if (self->agent == NULL)
    return;
  self->announcer.events = events;
  self->announcer.user_data = user_data;
}

const char *
wherry_ice_session_get_local_ufrag (WherryIceSession *self)
{
  return self->agent != NULL ? self->local_ufrag : NULL;
}

const char *
wherry_ice_session_get_local_pwd (WherryIceSession *self)
{
  return self->agent != NULL ? self->local_pwd : NULL;
}

void
wherry_ice_session_set_controlling (WherryIceSession *self, gboolean controlling)
{
  WHERRY_ASSERT_OWNER (self);

  self->config->controlling = controlling;
  if (self->agent != NULL)
    wherry_ice_agent_update_role (self->agent, self->config);
}

void
wherry_ice_session_set_remote_lite (WherryIceSession *self, gboolean lite)
{
  WHERRY_ASSERT_OWNER (self);

  self->config->remote_lite = lite;
  if (self->agent != NULL)
    wherry_ice_agent_update_role (self->agent, self->config);
}

gboolean
wherry_ice_session_gather (WherryIceSession *self, GError **error)
{
  g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (NiceAgent) agent = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!check_open (self, error))
    return FALSE;
  /* A candidate event may close the session while libnice is still gathering. */
  agent = g_object_ref (self->agent);
  if (self->gathered)
    {
      wherry_ice_announcer_again (&self->announcer, agent, self->stream);
      return TRUE;
    }
  if (self->state == WHERRY_TRANSPORT_NEW)
    set_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  self->gathered
      = wherry_ice_agent_gather (agent, self->stream, self->context, self->config, error);
  return self->gathered;
}

gboolean
wherry_ice_session_is_gathering_done (WherryIceSession *self)
{
  return self->announcer.done;
}

gboolean
wherry_ice_session_set_remote_credentials (WherryIceSession *self, const char *ufrag,
                                           const char *pwd, GError **error)
{
  g_autoptr (WherryIceSession) alive = g_object_ref (self);
  g_autoptr (NiceAgent) agent = NULL;

  WHERRY_ASSERT_OWNER (self);

  if (!check_open (self, error))
    return FALSE;
  agent = g_object_ref (self->agent);
  if (!wherry_ice_remote_set_credentials (&self->remote, agent, self->stream, ufrag, pwd, error))
    return FALSE;
  if (self->state == WHERRY_TRANSPORT_NEW)
    set_state (self, WHERRY_TRANSPORT_CONNECTING, NULL);
  return TRUE;
}

gboolean
wherry_ice_session_add_remote_candidate (WherryIceSession *self, const char *line, GError **error)
{
  WHERRY_ASSERT_OWNER (self);

  return check_open (self, error)
         && wherry_ice_remote_add (&self->remote, self->agent, self->stream, line, error);
}

void
wherry_ice_session_end_of_remote_candidates (WherryIceSession *self)
{
  WHERRY_ASSERT_OWNER (self);

  if (self->agent != NULL)
    wherry_ice_remote_end (&self->remote, self->agent, self->stream);
}

gboolean
wherry_ice_session_restart (WherryIceSession *self, GError **error)
{
  WHERRY_ASSERT_OWNER (self);

  if (!check_open (self, error))
    return FALSE;
  if (!nice_agent_restart_stream (self->agent, self->stream))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_FAILED, "ICE did not restart");
      return FALSE;
    }
  self->restarting = self->state == WHERRY_TRANSPORT_CONNECTED;
  self->checks_failed = FALSE;
  wherry_ice_remote_reset (&self->remote);
  read_local_credentials (self);
  return TRUE;
}

gboolean
wherry_ice_session_is_restarting (WherryIceSession *self)
{
  return self->restarting;
}

gboolean
wherry_ice_session_get_selected_pair (WherryIceSession *self, WherryIcePair *pair)
{
  WHERRY_ASSERT_OWNER (self);

  return self->agent != NULL && wherry_ice_agent_get_pair (self->agent, self->stream, pair);
}

gboolean
wherry_ice_session_get_checks_failed (WherryIceSession *self)
{
  return self->checks_failed;
}

guint64
wherry_ice_session_get_send_dropped (WherryIceSession *self)
{
  return self->send_dropped;
}
