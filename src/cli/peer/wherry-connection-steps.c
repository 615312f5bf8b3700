/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/peer/wherry-connection-steps.h"
#include "cli/peer/wherry-paste-sdp.h"
#include "cli/peer/wherry-step-log.h"
#include "cli/wherry-terminal.h"

static const char *
get_nick (GType type, int value)
{
  g_autoptr (GEnumClass) klass = g_type_class_ref (type);

  return g_enum_get_value (klass, value)->value_nick;
}

static void
on_candidate_error (WherryPeerConnection *connection, const char *address, guint port,
                    const char *url, guint code, const char *error, gpointer data)
{
  g_autofree char *safe = wherry_terminal_safe (error);

  wherry_steps_say (_ ("no candidate from %s: error %u: %s"), url, code, safe);
}

static void
on_selected_local (WherryIceTransport *ice, GParamSpec *pspec, gpointer data)
{
  WherryIceCandidate *candidate = wherry_ice_transport_get_selected_local_candidate (ice);
  g_autofree char *text = candidate != NULL ? wherry_paste_sdp_describe (candidate) : NULL;

  if (text != NULL)
    wherry_steps_say ("selected local candidate: %s", text);
}

static void
on_selected_remote (WherryIceTransport *ice, GParamSpec *pspec, gpointer data)
{
  WherryIceCandidate *candidate = wherry_ice_transport_get_selected_remote_candidate (ice);
  g_autofree char *text = candidate != NULL ? wherry_paste_sdp_describe (candidate) : NULL;

  if (text != NULL)
    wherry_steps_say ("selected remote candidate: %s", text);
}

/* It is there once descriptions were agreed, and always the same then. */
static void
on_sctp (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  WherrySctpTransport *sctp = wherry_peer_connection_get_sctp (connection);
  WherryIceTransport *ice;

  if (sctp == NULL)
    return;
  ice = wherry_dtls_transport_get_ice_transport (wherry_sctp_transport_get_transport (sctp));
  g_signal_handlers_disconnect_by_func (ice, on_selected_local, NULL);
  g_signal_handlers_disconnect_by_func (ice, on_selected_remote, NULL);
  g_signal_connect (ice, "notify::selected-local-candidate", G_CALLBACK (on_selected_local), NULL);
  g_signal_connect (ice, "notify::selected-remote-candidate", G_CALLBACK (on_selected_remote),
                    NULL);
}

static void
on_signaling_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  wherry_steps_say (_ ("signaling state: %s"),
                    get_nick (WHERRY_TYPE_SIGNALING_STATE,
                              wherry_peer_connection_get_signaling_state (connection)));
}

static void
on_gathering_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  wherry_steps_say (_ ("ICE gathering state: %s"),
                    get_nick (WHERRY_TYPE_ICE_GATHERING_STATE,
                              wherry_peer_connection_get_ice_gathering_state (connection)));
}

static void
on_ice_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  WherryIceConnectionState state = wherry_peer_connection_get_ice_connection_state (connection);

  wherry_steps_say (_ ("ICE connection state: %s"),
                    get_nick (WHERRY_TYPE_ICE_CONNECTION_STATE, state));
  /* it waits five seconds, and a person may take longer to carry the answer over */
  if (state == WHERRY_ICE_CONNECTION_STATE_FAILED)
    wherry_steps_say (
        _ ("nothing has answered so far; the other side's checks are still answered"));
}

static void
on_connection_state (WherryPeerConnection *connection, GParamSpec *pspec, gpointer data)
{
  wherry_steps_say (_ ("connection state: %s"),
                    get_nick (WHERRY_TYPE_CONNECTION_STATE,
                              wherry_peer_connection_get_connection_state (connection)));
}

void
wherry_connection_steps_watch (WherryPeerConnection *connection)
{
  static const struct
  {
    const char *signal;
    GCallback handler;
  } handlers[] = {
    { "ice-candidate-error", G_CALLBACK (on_candidate_error) },
    { "notify::signaling-state", G_CALLBACK (on_signaling_state) },
    { "notify::ice-gathering-state", G_CALLBACK (on_gathering_state) },
    { "notify::ice-connection-state", G_CALLBACK (on_ice_state) },
    { "notify::connection-state", G_CALLBACK (on_connection_state) },
    { "notify::sctp", G_CALLBACK (on_sctp) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect (connection, handlers[i].signal, handlers[i].handler, NULL);
}

void
wherry_connection_steps_say_states (WherryPeerConnection *connection)
{
  on_signaling_state (connection, NULL, NULL);
  on_ice_state (connection, NULL, NULL);
  on_connection_state (connection, NULL, NULL);
}
