/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "lib/wherry-configuration-private.h"
#include "lib/wherry-enum-types.h"
#include "lib/wherry-peer-connection-private.h"

/* The shell: everything is in the connection. */

struct _WherryPeerConnection
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryConnection *connection;
  WherryConfiguration *configuration; /* until it is initialized */
};

typedef enum
{
  PROP_CONFIGURATION = 1,
  PROP_SIGNALING_STATE,
  PROP_ICE_GATHERING_STATE,
  PROP_ICE_CONNECTION_STATE,
  PROP_CONNECTION_STATE,
  PROP_LOCAL_DESCRIPTION,
  PROP_CURRENT_LOCAL_DESCRIPTION,
  PROP_PENDING_LOCAL_DESCRIPTION,
  PROP_REMOTE_DESCRIPTION,
  PROP_CURRENT_REMOTE_DESCRIPTION,
  PROP_PENDING_REMOTE_DESCRIPTION,
  PROP_CAN_TRICKLE_ICE_CANDIDATES,
  PROP_SCTP,
  PROP_CHANNELS,
} Property;

static GParamSpec *properties[PROP_CHANNELS + 1];

static void initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryPeerConnection, wherry_peer_connection, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_init))

static gboolean
wherry_peer_connection_initable_init (GInitable *initable, GCancellable *cancellable,
                                      GError **error)
{
  WherryPeerConnection *self = WHERRY_PEER_CONNECTION (initable);

  if (self->connection != NULL)
    return TRUE;
  self->connection = wherry_connection_new (self->configuration, error);
  g_clear_object (&self->configuration);
  if (self->connection == NULL)
    return FALSE;
  WHERRY_TSAN_RELEASE (self);
  g_weak_ref_set (&self->connection->shell, self);
  return TRUE;
}

static void
initable_init (GInitableIface *iface)
{
  iface->init = wherry_peer_connection_initable_init;
}

static void
wherry_peer_connection_finalize (GObject *object)
{
  WherryPeerConnection *self = WHERRY_PEER_CONNECTION (object);

  WHERRY_TSAN_ACQUIRE (self);
  g_clear_object (&self->configuration);
  if (self->connection != NULL)
    wherry_connection_post_gone (self->connection);
  g_clear_pointer (&self->connection, wherry_connection_unref);
  G_OBJECT_CLASS (wherry_peer_connection_parent_class)->finalize (object);
}

static void
wherry_peer_connection_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryPeerConnection *self = WHERRY_PEER_CONNECTION (object);

  switch ((Property) id)
    {
    case PROP_CONFIGURATION:
      g_value_take_object (value, wherry_peer_connection_get_configuration (self));
      break;
    case PROP_SIGNALING_STATE:
      g_value_set_enum (value, wherry_peer_connection_get_signaling_state (self));
      break;
    case PROP_ICE_GATHERING_STATE:
      g_value_set_enum (value, wherry_peer_connection_get_ice_gathering_state (self));
      break;
    case PROP_ICE_CONNECTION_STATE:
      g_value_set_enum (value, wherry_peer_connection_get_ice_connection_state (self));
      break;
    case PROP_CONNECTION_STATE:
      g_value_set_enum (value, wherry_peer_connection_get_connection_state (self));
      break;
    case PROP_LOCAL_DESCRIPTION:
      g_value_set_object (value, wherry_peer_connection_get_local_description (self));
      break;
    case PROP_CURRENT_LOCAL_DESCRIPTION:
      g_value_set_object (value, wherry_peer_connection_get_current_local_description (self));
      break;
    case PROP_PENDING_LOCAL_DESCRIPTION:
      g_value_set_object (value, wherry_peer_connection_get_pending_local_description (self));
      break;
    case PROP_REMOTE_DESCRIPTION:
      g_value_set_object (value, wherry_peer_connection_get_remote_description (self));
      break;
    case PROP_CURRENT_REMOTE_DESCRIPTION:
      g_value_set_object (value, wherry_peer_connection_get_current_remote_description (self));
      break;
    case PROP_PENDING_REMOTE_DESCRIPTION:
      g_value_set_object (value, wherry_peer_connection_get_pending_remote_description (self));
      break;
    case PROP_CAN_TRICKLE_ICE_CANDIDATES:
      g_value_set_boolean (value, wherry_peer_connection_get_can_trickle_ice_candidates (self));
      break;
    case PROP_SCTP:
      g_value_set_object (value, wherry_peer_connection_get_sctp (self));
      break;
    case PROP_CHANNELS:
      g_value_set_object (value, wherry_peer_connection_get_channels (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_peer_connection_set_property (GObject *object, guint id, const GValue *value,
                                     GParamSpec *pspec)
{
  WherryPeerConnection *self = WHERRY_PEER_CONNECTION (object);

  if (id == PROP_CONFIGURATION)
    self->configuration = g_value_dup_object (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
install_state_properties (GParamFlags flags)
{
  /**
   * WherryPeerConnection:signaling-state:
   *
   * Where the exchange of descriptions stands (RTCPeerConnection.signalingState).
   */
  properties[PROP_SIGNALING_STATE]
      = g_param_spec_enum ("signaling-state", NULL, NULL, WHERRY_TYPE_SIGNALING_STATE,
                           WHERRY_SIGNALING_STATE_STABLE, flags);
  /**
   * WherryPeerConnection:ice-gathering-state:
   *
   * Whether our candidates are found (RTCPeerConnection.iceGatheringState).
   */
  properties[PROP_ICE_GATHERING_STATE]
      = g_param_spec_enum ("ice-gathering-state", NULL, NULL, WHERRY_TYPE_ICE_GATHERING_STATE,
                           WHERRY_ICE_GATHERING_STATE_NEW, flags);
  /**
   * WherryPeerConnection:ice-connection-state:
   *
   * How far ICE is (RTCPeerConnection.iceConnectionState).
   */
  properties[PROP_ICE_CONNECTION_STATE]
      = g_param_spec_enum ("ice-connection-state", NULL, NULL, WHERRY_TYPE_ICE_CONNECTION_STATE,
                           WHERRY_ICE_CONNECTION_STATE_NEW, flags);
  /**
   * WherryPeerConnection:connection-state:
   *
   * How far ICE and DTLS are (RTCPeerConnection.connectionState).
   */
  properties[PROP_CONNECTION_STATE]
      = g_param_spec_enum ("connection-state", NULL, NULL, WHERRY_TYPE_CONNECTION_STATE,
                           WHERRY_CONNECTION_STATE_NEW, flags);
}

static GParamSpec *
description_property (const char *name, GParamFlags flags)
{
  return g_param_spec_object (name, NULL, NULL, WHERRY_TYPE_SESSION_DESCRIPTION, flags);
}

static void
install_description_properties (GParamFlags flags)
{
  /**
   * WherryPeerConnection:local-description:
   *
   * The pending one, else the current one (RTCPeerConnection.localDescription). That it has one
   * more candidate is not notified.
   */
  properties[PROP_LOCAL_DESCRIPTION] = description_property ("local-description", flags);
  /**
   * WherryPeerConnection:current-local-description:
   *
   * Ours that was agreed last (RTCPeerConnection.currentLocalDescription).
   */
  properties[PROP_CURRENT_LOCAL_DESCRIPTION]
      = description_property ("current-local-description", flags);
  /**
   * WherryPeerConnection:pending-local-description:
   *
   * Ours that is not agreed yet (RTCPeerConnection.pendingLocalDescription).
   */
  properties[PROP_PENDING_LOCAL_DESCRIPTION]
      = description_property ("pending-local-description", flags);
  /**
   * WherryPeerConnection:remote-description:
   *
   * The pending one, else the current one (RTCPeerConnection.remoteDescription).
   */
  properties[PROP_REMOTE_DESCRIPTION] = description_property ("remote-description", flags);
  /**
   * WherryPeerConnection:current-remote-description:
   *
   * Theirs that was agreed last (RTCPeerConnection.currentRemoteDescription).
   */
  properties[PROP_CURRENT_REMOTE_DESCRIPTION]
      = description_property ("current-remote-description", flags);
  /**
   * WherryPeerConnection:pending-remote-description:
   *
   * Theirs that is not agreed yet (RTCPeerConnection.pendingRemoteDescription).
   */
  properties[PROP_PENDING_REMOTE_DESCRIPTION]
      = description_property ("pending-remote-description", flags);
}

static void
install_other_properties (GParamFlags flags)
{
  /**
   * WherryPeerConnection:configuration:
   *
   * Servers and limits that are in force (RTCPeerConnection.getConfiguration()): a copy of what it
   * was made with or was set last. To change a copy changes nothing before it is set
   * ([method@PeerConnection.set_configuration]).
   */
  properties[PROP_CONFIGURATION]
      = g_param_spec_object ("configuration", NULL, NULL, WHERRY_TYPE_CONFIGURATION,
                             G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  /**
   * WherryPeerConnection:can-trickle-ice-candidates:
   *
   * Whether the other side takes candidates one by one (RTCPeerConnection.canTrickleIceCandidates).
   */
  properties[PROP_CAN_TRICKLE_ICE_CANDIDATES]
      = g_param_spec_boolean ("can-trickle-ice-candidates", NULL, NULL, FALSE, flags);
  /**
   * WherryPeerConnection:sctp:
   *
   * The SCTP transport, once descriptions were agreed (RTCPeerConnection.sctp).
   */
  properties[PROP_SCTP]
      = g_param_spec_object ("sctp", NULL, NULL, WHERRY_TYPE_SCTP_TRANSPORT, flags);
  /**
   * WherryPeerConnection:channels:
   *
   * The channels that are not closed, a list of [class@DataChannel].
   */
  properties[PROP_CHANNELS]
      = g_param_spec_object ("channels", NULL, NULL, G_TYPE_LIST_MODEL, flags);
}

static void
install_signals (void)
{
  /**
   * WherryPeerConnection::negotiation-needed:
   * @self: the connection
   *
   * Offer and answer have to be exchanged (RTCPeerConnection.onnegotiationneeded).
   */
  g_signal_new ("negotiation-needed", WHERRY_TYPE_PEER_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                NULL, G_TYPE_NONE, 0);
  /**
   * WherryPeerConnection::ice-candidate:
   * @self: the connection
   * @candidate: (nullable): one to be signaled to the other side, the last one of a generation with
   *   an empty line; %NULL at the end, which need not be signaled
   *
   * A candidate of ours was found (RTCPeerConnection.onicecandidate).
   */
  g_signal_new ("ice-candidate", WHERRY_TYPE_PEER_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                NULL, G_TYPE_NONE, 1, WHERRY_TYPE_ICE_CANDIDATE);
  /**
   * WherryPeerConnection::ice-candidate-error:
   * @self: the connection
   * @address: (nullable): ours, from which it was asked
   * @port: ours
   * @url: the server
   * @error_code: STUN's, 300 to 699, or 701 when the server could not be reached
   * @error_text: for people
   *
   * A STUN or TURN server gave no candidate (RTCPeerConnection.onicecandidateerror).
   */
  g_signal_new ("ice-candidate-error", WHERRY_TYPE_PEER_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL,
                NULL, NULL, G_TYPE_NONE, 5, G_TYPE_STRING, G_TYPE_UINT, G_TYPE_STRING, G_TYPE_UINT,
                G_TYPE_STRING);
  /**
   * WherryPeerConnection::data-channel:
   * @self: the connection
   * @channel: an open channel
   *
   * The other side has made a channel (RTCPeerConnection.ondatachannel). Its
   * [signal@DataChannel::open] follows.
   */
  g_signal_new ("data-channel", WHERRY_TYPE_PEER_CONNECTION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, WHERRY_TYPE_DATA_CHANNEL);
}

static void
wherry_peer_connection_class_init (WherryPeerConnectionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_peer_connection_finalize;
  object_class->get_property = wherry_peer_connection_get_property;
  object_class->set_property = wherry_peer_connection_set_property;
  install_state_properties (flags);
  install_description_properties (flags);
  install_other_properties (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  install_signals ();
}

static void
wherry_peer_connection_init (WherryPeerConnection *self)
{
}

WherryPeerConnection *
wherry_peer_connection_new (WherryConfiguration *configuration, GError **error)
{
  g_return_val_if_fail (configuration == NULL || WHERRY_IS_CONFIGURATION (configuration), NULL);

  return g_initable_new (WHERRY_TYPE_PEER_CONNECTION, NULL, error, "configuration", configuration,
                         NULL);
}

WherryConnection *
wherry_peer_connection_get_connection (WherryPeerConnection *self)
{
  return self->connection;
}

void
wherry_peer_connection_restart_ice (WherryPeerConnection *self)
{
  g_return_if_fail (WHERRY_IS_PEER_CONNECTION (self) && self->connection != NULL);

  if (!self->connection->closed)
    wherry_connection_restart_ice (self->connection);
}

WherryDataChannel *
wherry_peer_connection_create_data_channel (WherryPeerConnection *self, const char *label,
                                            WherryDataChannelInit *init, GError **error)
{
  g_return_val_if_fail (WHERRY_IS_PEER_CONNECTION (self) && self->connection != NULL, NULL);
  g_return_val_if_fail (label != NULL, NULL);

  return wherry_connection_create_channel (self->connection, label, init, error);
}

void
wherry_peer_connection_close (WherryPeerConnection *self)
{
  g_return_if_fail (WHERRY_IS_PEER_CONNECTION (self) && self->connection != NULL);

  wherry_connection_close (self->connection);
}

/* ---- attributes ---- */

gboolean
wherry_peer_connection_set_configuration (WherryPeerConnection *self,
                                          WherryConfiguration *configuration, GError **error)
{
  g_return_val_if_fail (WHERRY_IS_PEER_CONNECTION (self) && self->connection != NULL, FALSE);
  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (configuration), FALSE);

  return wherry_connection_set_configuration (self->connection, configuration, error);
}

#define DEFINE_GETTER(type, name, expression, otherwise)                                           \
  type wherry_peer_connection_get_##name (WherryPeerConnection *self)                              \
  {                                                                                                \
    g_return_val_if_fail (WHERRY_IS_PEER_CONNECTION (self), otherwise);                            \
    return self->connection != NULL ? (expression) : (otherwise);                                  \
  }

DEFINE_GETTER (WherryConfiguration *, configuration,
               wherry_configuration_copy (self->connection->configuration), NULL)
DEFINE_GETTER (WherrySignalingState, signaling_state, self->connection->signaling_state,
               WHERRY_SIGNALING_STATE_CLOSED)
DEFINE_GETTER (WherryIceGatheringState, ice_gathering_state, self->connection->gathering_state,
               WHERRY_ICE_GATHERING_STATE_NEW)
DEFINE_GETTER (WherryIceConnectionState, ice_connection_state, self->connection->ice_state,
               WHERRY_ICE_CONNECTION_STATE_CLOSED)
DEFINE_GETTER (WherryConnectionState, connection_state, self->connection->connection_state,
               WHERRY_CONNECTION_STATE_CLOSED)
DEFINE_GETTER (WherrySctpTransport *, sctp, self->connection->sctp_transport, NULL)
DEFINE_GETTER (GListModel *, channels, G_LIST_MODEL (self->connection->channels), NULL)

#define DEFINE_DESCRIPTION(name, slot)                                                             \
  DEFINE_GETTER (WherrySessionDescription *, name##_description,                                   \
                 wherry_connection_get_description (self->connection, slot), NULL)

DEFINE_DESCRIPTION (current_local, WHERRY_SLOT_CURRENT_LOCAL)
DEFINE_DESCRIPTION (pending_local, WHERRY_SLOT_PENDING_LOCAL)
DEFINE_DESCRIPTION (current_remote, WHERRY_SLOT_CURRENT_REMOTE)
DEFINE_DESCRIPTION (pending_remote, WHERRY_SLOT_PENDING_REMOTE)

WherrySessionDescription *
wherry_peer_connection_get_local_description (WherryPeerConnection *self)
{
  WherrySessionDescription *pending = wherry_peer_connection_get_pending_local_description (self);

  return pending != NULL ? pending : wherry_peer_connection_get_current_local_description (self);
}

WherrySessionDescription *
wherry_peer_connection_get_remote_description (WherryPeerConnection *self)
{
  WherrySessionDescription *pending = wherry_peer_connection_get_pending_remote_description (self);

  return pending != NULL ? pending : wherry_peer_connection_get_current_remote_description (self);
}

gboolean
wherry_peer_connection_get_can_trickle_ice_candidates (WherryPeerConnection *self)
{
  g_return_val_if_fail (WHERRY_IS_PEER_CONNECTION (self) && self->connection != NULL, FALSE);

  return wherry_connection_can_trickle (self->connection);
}
