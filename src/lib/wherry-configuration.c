/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-configuration-private.h"

#include "base/wherry-limits.h"
#include "lib/wherry-enum-types.h"

struct _WherryConfiguration
{
  GObject parent_instance;

  GListStore *ice_servers;
  WherryIceTransportPolicy ice_transport_policy;
  WherryIceCandidateTypes candidate_types;
  WherryIceCandidateTypes remote_candidate_types;
  gboolean ice_tcp;
  WherryCertificate *certificate;
  GStrv bind_addresses;
  guint port_range_begin;
  guint port_range_end;
  guint max_message_size;
  guint64 send_buffer_limit;
  gboolean restart_on_network_change;
  gboolean own_thread;
};

typedef enum
{
  PROP_ICE_SERVERS = 1,
  PROP_ICE_TRANSPORT_POLICY,
  PROP_CANDIDATE_TYPES,
  PROP_REMOTE_CANDIDATE_TYPES,
  PROP_ICE_TCP,
  PROP_CERTIFICATE,
  PROP_BIND_ADDRESSES,
  PROP_PORT_RANGE_BEGIN,
  PROP_PORT_RANGE_END,
  PROP_MAX_MESSAGE_SIZE,
  PROP_SEND_BUFFER_LIMIT,
  PROP_RESTART_ON_NETWORK_CHANGE,
  PROP_OWN_THREAD,
} Property;

static GParamSpec *properties[PROP_OWN_THREAD + 1];

G_DEFINE_FINAL_TYPE (WherryConfiguration, wherry_configuration, G_TYPE_OBJECT)

static void
wherry_configuration_finalize (GObject *object)
{
  WherryConfiguration *self = WHERRY_CONFIGURATION (object);

  g_clear_object (&self->ice_servers);
  g_clear_object (&self->certificate);
  g_strfreev (self->bind_addresses);
  G_OBJECT_CLASS (wherry_configuration_parent_class)->finalize (object);
}

static void
wherry_configuration_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryConfiguration *self = WHERRY_CONFIGURATION (object);

  switch ((Property) id)
    {
    case PROP_ICE_SERVERS:
      g_value_set_object (value, self->ice_servers);
      break;
    case PROP_ICE_TRANSPORT_POLICY:
      g_value_set_enum (value, self->ice_transport_policy);
      break;
    case PROP_CANDIDATE_TYPES:
      g_value_set_flags (value, self->candidate_types);
      break;
    case PROP_REMOTE_CANDIDATE_TYPES:
      g_value_set_flags (value, self->remote_candidate_types);
      break;
    case PROP_ICE_TCP:
      g_value_set_boolean (value, self->ice_tcp);
      break;
    case PROP_CERTIFICATE:
      g_value_set_object (value, self->certificate);
      break;
    case PROP_BIND_ADDRESSES:
      g_value_set_boxed (value, self->bind_addresses);
      break;
    case PROP_PORT_RANGE_BEGIN:
      g_value_set_uint (value, self->port_range_begin);
      break;
    case PROP_PORT_RANGE_END:
      g_value_set_uint (value, self->port_range_end);
      break;
    case PROP_MAX_MESSAGE_SIZE:
      g_value_set_uint (value, self->max_message_size);
      break;
    case PROP_SEND_BUFFER_LIMIT:
      g_value_set_uint64 (value, self->send_buffer_limit);
      break;
    case PROP_RESTART_ON_NETWORK_CHANGE:
      g_value_set_boolean (value, self->restart_on_network_change);
      break;
    case PROP_OWN_THREAD:
      g_value_set_boolean (value, self->own_thread);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_configuration_set_property (GObject *object, guint id, const GValue *value,
                                   GParamSpec *pspec)
{
  WherryConfiguration *self = WHERRY_CONFIGURATION (object);

  switch ((Property) id)
    {
    case PROP_ICE_TRANSPORT_POLICY:
      wherry_configuration_set_ice_transport_policy (self,
                                                     (WherryIceTransportPolicy) g_value_get_enum (
                                                         value));
      break;
    case PROP_CANDIDATE_TYPES:
      wherry_configuration_set_candidate_types (self, (WherryIceCandidateTypes) g_value_get_flags (
                                                          value));
      break;
    case PROP_REMOTE_CANDIDATE_TYPES:
      wherry_configuration_set_remote_candidate_types (self,
                                                       (WherryIceCandidateTypes) g_value_get_flags (
                                                           value));
      break;
    case PROP_ICE_TCP:
      wherry_configuration_set_ice_tcp (self, g_value_get_boolean (value));
      break;
    case PROP_CERTIFICATE:
      wherry_configuration_set_certificate (self, g_value_get_object (value));
      break;
    case PROP_BIND_ADDRESSES:
      wherry_configuration_set_bind_addresses (self, g_value_get_boxed (value));
      break;
    case PROP_PORT_RANGE_BEGIN:
      wherry_configuration_set_port_range (self, g_value_get_uint (value), self->port_range_end);
      break;
    case PROP_PORT_RANGE_END:
      wherry_configuration_set_port_range (self, self->port_range_begin, g_value_get_uint (value));
      break;
    case PROP_MAX_MESSAGE_SIZE:
      wherry_configuration_set_max_message_size (self, g_value_get_uint (value));
      break;
    case PROP_SEND_BUFFER_LIMIT:
      wherry_configuration_set_send_buffer_limit (self, g_value_get_uint64 (value));
      break;
    case PROP_RESTART_ON_NETWORK_CHANGE:
      wherry_configuration_set_restart_on_network_change (self, g_value_get_boolean (value));
      break;
    case PROP_OWN_THREAD:
      wherry_configuration_set_own_thread (self, g_value_get_boolean (value));
      break;
    case PROP_ICE_SERVERS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

/* What RTCConfiguration has too. */
static void
install_w3c_properties (GParamFlags flags)
{
  /**
   * WherryConfiguration:ice-servers:
   *
   * STUN and TURN servers, a list of [class@IceServer] (RTCConfiguration.iceServers).
   */
  properties[PROP_ICE_SERVERS] = g_param_spec_object ("ice-servers", NULL, NULL, G_TYPE_LIST_MODEL,
                                                      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  /**
   * WherryConfiguration:ice-transport-policy:
   *
   * Whether only TURN candidates are used (RTCConfiguration.iceTransportPolicy).
   */
  properties[PROP_ICE_TRANSPORT_POLICY]
      = g_param_spec_enum ("ice-transport-policy", NULL, NULL, WHERRY_TYPE_ICE_TRANSPORT_POLICY,
                           WHERRY_ICE_TRANSPORT_POLICY_ALL, flags);
  /**
   * WherryConfiguration:certificate:
   *
   * The certificate of this side (RTCConfiguration.certificates, of which one is used); %NULL: each
   * connection makes its own.
   */
  properties[PROP_CERTIFICATE]
      = g_param_spec_object ("certificate", NULL, NULL, WHERRY_TYPE_CERTIFICATE, flags);
}

static void
install_network_properties (GParamFlags flags)
{
  /**
   * WherryConfiguration:candidate-types:
   *
   * Which of our candidates are told, and which of theirs are used.
   */
  properties[PROP_CANDIDATE_TYPES]
      = g_param_spec_flags ("candidate-types", NULL, NULL, WHERRY_TYPE_ICE_CANDIDATE_TYPES,
                            WHERRY_ICE_CANDIDATE_TYPES_ALL, flags);
  /**
   * WherryConfiguration:remote-candidate-types:
   *
   * Which of theirs are used, of those that [property@Configuration:candidate-types] names.
   */
  properties[PROP_REMOTE_CANDIDATE_TYPES]
      = g_param_spec_flags ("remote-candidate-types", NULL, NULL, WHERRY_TYPE_ICE_CANDIDATE_TYPES,
                            WHERRY_ICE_CANDIDATE_TYPES_ALL, flags);
  /**
   * WherryConfiguration:ice-tcp:
   *
   * Whether TCP candidates are used as well (RFC 6544).
   */
  properties[PROP_ICE_TCP] = g_param_spec_boolean ("ice-tcp", NULL, NULL, FALSE, flags);
  /**
   * WherryConfiguration:bind-addresses:
   *
   * Literal addresses of this machine to use; %NULL: those of every interface but loopback.
   */
  properties[PROP_BIND_ADDRESSES]
      = g_param_spec_boxed ("bind-addresses", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * WherryConfiguration:port-range-begin:
   *
   * First port to use; 0 with [property@Configuration:port-range-end] 0: any.
   */
  properties[PROP_PORT_RANGE_BEGIN]
      = g_param_spec_uint ("port-range-begin", NULL, NULL, 0, G_MAXUINT16, 0, flags);
  /**
   * WherryConfiguration:port-range-end:
   *
   * Last port to use.
   */
  properties[PROP_PORT_RANGE_END]
      = g_param_spec_uint ("port-range-end", NULL, NULL, 0, G_MAXUINT16, 0, flags);
  /**
   * WherryConfiguration:restart-on-network-change:
   *
   * Whether a connection restarts ICE by itself when addresses of this machine come or go, as from
   * Wi-Fi to mobile: as if [method@PeerConnection.restart_ice] had been called, so that
   * [signal@PeerConnection::negotiation-needed] follows. Read when the connection is made; it costs
   * one file descriptor. [class@Client] does it whatever this says.
   */
  properties[PROP_RESTART_ON_NETWORK_CHANGE]
      = g_param_spec_boolean ("restart-on-network-change", NULL, NULL, FALSE, flags);
  /**
   * WherryConfiguration:own-thread:
   *
   * Whether a connection has a network thread of its own, instead of one that it shares with the
   * others that are made on the same main context: for one that carries so much that the others
   * would wait for it. Read when the connection is made; it costs some 100 KiB.
   */
  properties[PROP_OWN_THREAD] = g_param_spec_boolean ("own-thread", NULL, NULL, FALSE, flags);
}

static void
install_limit_properties (GParamFlags flags)
{
  /**
   * WherryConfiguration:max-message-size:
   *
   * The largest message, in bytes, that this side takes and says so (RFC 8841 section 6.1). The
   * other side can make this one hold four that are not finished.
   */
  properties[PROP_MAX_MESSAGE_SIZE]
      = g_param_spec_uint ("max-message-size", NULL, NULL, 1, G_MAXINT32,
                           WHERRY_MAX_MESSAGE_SIZE_DEFAULT, flags);
  /**
   * WherryConfiguration:send-buffer-limit:
   *
   * How many payload bytes a channel may hold that were given to it and not yet to the network. An
   * empty channel takes one message of any size that the other side takes.
   */
  properties[PROP_SEND_BUFFER_LIMIT]
      = g_param_spec_uint64 ("send-buffer-limit", NULL, NULL, 0, G_MAXUINT64,
                             WHERRY_SEND_BUFFER_LIMIT_DEFAULT, flags);
}

static void
wherry_configuration_class_init (WherryConfigurationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_configuration_finalize;
  object_class->get_property = wherry_configuration_get_property;
  object_class->set_property = wherry_configuration_set_property;
  install_w3c_properties (flags);
  install_network_properties (flags);
  install_limit_properties (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_configuration_init (WherryConfiguration *self)
{
  self->ice_servers = g_list_store_new (WHERRY_TYPE_ICE_SERVER);
  self->candidate_types = WHERRY_ICE_CANDIDATE_TYPES_ALL;
  self->remote_candidate_types = WHERRY_ICE_CANDIDATE_TYPES_ALL;
  self->max_message_size = WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
  self->send_buffer_limit = WHERRY_SEND_BUFFER_LIMIT_DEFAULT;
}

WherryConfiguration *
wherry_configuration_new (void)
{
  return g_object_new (WHERRY_TYPE_CONFIGURATION, NULL);
}

WherryConfiguration *
wherry_configuration_copy (WherryConfiguration *self)
{
  WherryConfiguration *copy = wherry_configuration_new ();
  guint n = 0;

  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), copy);

  copy->ice_transport_policy = self->ice_transport_policy;
  copy->candidate_types = self->candidate_types;
  copy->remote_candidate_types = self->remote_candidate_types;
  copy->ice_tcp = self->ice_tcp;
  g_set_object (&copy->certificate, self->certificate);
  copy->bind_addresses = g_strdupv (self->bind_addresses);
  copy->port_range_begin = self->port_range_begin;
  copy->port_range_end = self->port_range_end;
  copy->max_message_size = self->max_message_size;
  copy->send_buffer_limit = self->send_buffer_limit;
  copy->restart_on_network_change = self->restart_on_network_change;
  copy->own_thread = self->own_thread;
  n = g_list_model_get_n_items (G_LIST_MODEL (self->ice_servers));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryIceServer) server
          = g_list_model_get_item (G_LIST_MODEL (self->ice_servers), i);

      g_list_store_append (copy->ice_servers, server);
    }
  return copy;
}

/* ---- properties ---- */

void
wherry_configuration_add_ice_server (WherryConfiguration *self, WherryIceServer *server)
{
  g_return_if_fail (WHERRY_IS_CONFIGURATION (self));
  g_return_if_fail (WHERRY_IS_ICE_SERVER (server));
  g_list_store_append (self->ice_servers, server);
}

GListModel *
wherry_configuration_get_ice_servers (WherryConfiguration *self)
{
  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), NULL);
  return G_LIST_MODEL (self->ice_servers);
}

WherryCertificate *
wherry_configuration_get_certificate (WherryConfiguration *self)
{
  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), NULL);
  return self->certificate;
}

void
wherry_configuration_set_certificate (WherryConfiguration *self, WherryCertificate *certificate)
{
  g_return_if_fail (WHERRY_IS_CONFIGURATION (self));
  if (g_set_object (&self->certificate, certificate))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CERTIFICATE]);
}

const char *const *
wherry_configuration_get_bind_addresses (WherryConfiguration *self)
{
  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), NULL);
  return (const char *const *) self->bind_addresses;
}

void
wherry_configuration_set_bind_addresses (WherryConfiguration *self, const char *const *addresses)
{
  g_return_if_fail (WHERRY_IS_CONFIGURATION (self));
  g_strfreev (self->bind_addresses);
  self->bind_addresses = g_strdupv ((GStrv) addresses);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BIND_ADDRESSES]);
}

guint
wherry_configuration_get_port_range_begin (WherryConfiguration *self)
{
  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), 0);
  return self->port_range_begin;
}

guint
wherry_configuration_get_port_range_end (WherryConfiguration *self)
{
  g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), 0);
  return self->port_range_end;
}

void
wherry_configuration_set_port_range (WherryConfiguration *self, guint begin, guint end)
{
  g_return_if_fail (WHERRY_IS_CONFIGURATION (self));
  g_return_if_fail (begin <= G_MAXUINT16 && end <= G_MAXUINT16);
  if (self->port_range_begin != begin)
    {
      self->port_range_begin = begin;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PORT_RANGE_BEGIN]);
    }
  if (self->port_range_end != end)
    {
      self->port_range_end = end;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PORT_RANGE_END]);
    }
}

/* A getter and a setter that tells of a change. */
#define DEFINE_PROPERTY(type, name, PROPERTY)                                                      \
  type wherry_configuration_get_##name (WherryConfiguration *self)                                 \
  {                                                                                                \
    g_return_val_if_fail (WHERRY_IS_CONFIGURATION (self), 0);                                      \
    return self->name;                                                                             \
  }                                                                                                \
                                                                                                   \
  void wherry_configuration_set_##name (WherryConfiguration *self, type value)                     \
  {                                                                                                \
    g_return_if_fail (WHERRY_IS_CONFIGURATION (self));                                             \
    if (self->name == value)                                                                       \
      return;                                                                                      \
    self->name = value;                                                                            \
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROPERTY]);                              \
  }

DEFINE_PROPERTY (WherryIceTransportPolicy, ice_transport_policy, PROP_ICE_TRANSPORT_POLICY)
DEFINE_PROPERTY (WherryIceCandidateTypes, candidate_types, PROP_CANDIDATE_TYPES)
DEFINE_PROPERTY (WherryIceCandidateTypes, remote_candidate_types, PROP_REMOTE_CANDIDATE_TYPES)
DEFINE_PROPERTY (gboolean, ice_tcp, PROP_ICE_TCP)
DEFINE_PROPERTY (guint, max_message_size, PROP_MAX_MESSAGE_SIZE)
DEFINE_PROPERTY (guint64, send_buffer_limit, PROP_SEND_BUFFER_LIMIT)
DEFINE_PROPERTY (gboolean, restart_on_network_change, PROP_RESTART_ON_NETWORK_CHANGE)
DEFINE_PROPERTY (gboolean, own_thread, PROP_OWN_THREAD)
