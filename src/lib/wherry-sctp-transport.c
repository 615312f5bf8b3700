/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-limits.h"
#include "lib/wherry-enum-types.h"
#include "lib/wherry-transports-private.h"

struct _WherrySctpTransport
{
  GObject parent_instance;

  WherryDtlsTransport *transport;
  WherrySctpTransportState state;
  guint64 max_message_size;
  guint max_channels;
};

typedef enum
{
  PROP_TRANSPORT = 1,
  PROP_STATE,
  PROP_MAX_MESSAGE_SIZE,
  PROP_MAX_CHANNELS,
} Property;

static GParamSpec *properties[PROP_MAX_CHANNELS + 1];

G_DEFINE_FINAL_TYPE (WherrySctpTransport, wherry_sctp_transport, G_TYPE_OBJECT)

static void
wherry_sctp_transport_finalize (GObject *object)
{
  WherrySctpTransport *self = WHERRY_SCTP_TRANSPORT (object);

  g_clear_object (&self->transport);
  G_OBJECT_CLASS (wherry_sctp_transport_parent_class)->finalize (object);
}

static void
wherry_sctp_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherrySctpTransport *self = WHERRY_SCTP_TRANSPORT (object);

  switch ((Property) id)
    {
    case PROP_TRANSPORT:
      g_value_set_object (value, self->transport);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_MAX_MESSAGE_SIZE:
      g_value_set_uint64 (value, self->max_message_size);
      break;
    case PROP_MAX_CHANNELS:
      g_value_set_uint (value, self->max_channels);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_sctp_transport_class_init (WherrySctpTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_sctp_transport_finalize;
  object_class->get_property = wherry_sctp_transport_get_property;

  /**
   * WherrySctpTransport:transport:
   *
   * What carries it (RTCSctpTransport.transport).
   */
  properties[PROP_TRANSPORT]
      = g_param_spec_object ("transport", NULL, NULL, WHERRY_TYPE_DTLS_TRANSPORT, flags);
  /**
   * WherrySctpTransport:state:
   *
   * Its state (RTCSctpTransport.state).
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, WHERRY_TYPE_SCTP_TRANSPORT_STATE,
                                              WHERRY_SCTP_TRANSPORT_STATE_CONNECTING, flags);
  /**
   * WherrySctpTransport:max-message-size:
   *
   * The largest message, in bytes, that the other side takes; %G_MAXUINT64 when it takes any
   * (RTCSctpTransport.maxMessageSize).
   */
  properties[PROP_MAX_MESSAGE_SIZE]
      = g_param_spec_uint64 ("max-message-size", NULL, NULL, 0, G_MAXUINT64,
                             WHERRY_MAX_MESSAGE_SIZE_ABSENT, flags);
  /**
   * WherrySctpTransport:max-channels:
   *
   * How many channels there may be at once, or 0 before it is connected
   * (RTCSctpTransport.maxChannels).
   */
  properties[PROP_MAX_CHANNELS]
      = g_param_spec_uint ("max-channels", NULL, NULL, 0, G_MAXUINT16, 0, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_sctp_transport_init (WherrySctpTransport *self)
{
  self->transport = wherry_dtls_transport_new ();
  self->max_message_size = WHERRY_MAX_MESSAGE_SIZE_ABSENT;
}

WherrySctpTransport *
wherry_sctp_transport_new (void)
{
  return g_object_new (WHERRY_TYPE_SCTP_TRANSPORT, NULL);
}

static WherrySctpTransportState
to_state (WherryTransportState state)
{
  switch (state)
    {
    case WHERRY_TRANSPORT_CONNECTED:
    case WHERRY_TRANSPORT_DISCONNECTED:
      return WHERRY_SCTP_TRANSPORT_STATE_CONNECTED;
    case WHERRY_TRANSPORT_FAILED:
    case WHERRY_TRANSPORT_CLOSED:
      return WHERRY_SCTP_TRANSPORT_STATE_CLOSED;
    case WHERRY_TRANSPORT_NEW:
    case WHERRY_TRANSPORT_CONNECTING:
    default:
      return WHERRY_SCTP_TRANSPORT_STATE_CONNECTING;
    }
}

void
wherry_sctp_transport_update (WherrySctpTransport *self, const WherryTransportsState *state,
                              gboolean tell)
{
  WherrySctpTransportState now = to_state (state->sctp);
  gboolean size_changed = self->max_message_size != state->max_message_size;
  gboolean changed = self->state != now;

  wherry_dtls_transport_update (self->transport, state, tell);
  self->max_message_size = state->max_message_size;
  self->state = now;
  if (size_changed && tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_MESSAGE_SIZE]);
  if (now == WHERRY_SCTP_TRANSPORT_STATE_CONNECTED && self->max_channels == 0)
    {
      self->max_channels = state->max_channels;
      if (tell)
        g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_CHANNELS]);
    }
  if (changed && tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

void
wherry_sctp_transport_take_details (WherrySctpTransport *self, const WherryPeerStats *stats,
                                    GBytes *certificate)
{
  wherry_dtls_transport_take_details (self->transport, stats, certificate);
}

void
wherry_sctp_transport_tell_error (WherrySctpTransport *self, const GError *error)
{
  if (error != NULL)
    g_signal_emit_by_name (self->transport, "error", error);
}

WherryDtlsTransport *
wherry_sctp_transport_get_transport (WherrySctpTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_SCTP_TRANSPORT (self), NULL);
  return self->transport;
}

WherrySctpTransportState
wherry_sctp_transport_get_state (WherrySctpTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_SCTP_TRANSPORT (self), WHERRY_SCTP_TRANSPORT_STATE_CLOSED);
  return self->state;
}

guint64
wherry_sctp_transport_get_max_message_size (WherrySctpTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_SCTP_TRANSPORT (self), 0);
  return self->max_message_size;
}

guint
wherry_sctp_transport_get_max_channels (WherrySctpTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_SCTP_TRANSPORT (self), 0);
  return self->max_channels;
}
