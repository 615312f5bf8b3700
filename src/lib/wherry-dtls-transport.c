/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-enum-types.h"
#include "lib/wherry-transports-private.h"

struct _WherryDtlsTransport
{
  GObject parent_instance;

  WherryIceTransport *ice_transport;
  WherryDtlsTransportState state;
  GBytes *remote_certificate; /* (nullable) */
};

typedef enum
{
  PROP_ICE_TRANSPORT = 1,
  PROP_STATE,
  PROP_REMOTE_CERTIFICATE,
} Property;

static GParamSpec *properties[PROP_REMOTE_CERTIFICATE + 1];

G_DEFINE_FINAL_TYPE (WherryDtlsTransport, wherry_dtls_transport, G_TYPE_OBJECT)

static void
wherry_dtls_transport_finalize (GObject *object)
{
  WherryDtlsTransport *self = WHERRY_DTLS_TRANSPORT (object);

  g_clear_object (&self->ice_transport);
  g_clear_pointer (&self->remote_certificate, g_bytes_unref);
  G_OBJECT_CLASS (wherry_dtls_transport_parent_class)->finalize (object);
}

static void
wherry_dtls_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryDtlsTransport *self = WHERRY_DTLS_TRANSPORT (object);

  switch ((Property) id)
    {
    case PROP_ICE_TRANSPORT:
      g_value_set_object (value, self->ice_transport);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_REMOTE_CERTIFICATE:
      g_value_set_boxed (value, self->remote_certificate);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_dtls_transport_class_init (WherryDtlsTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_dtls_transport_finalize;
  object_class->get_property = wherry_dtls_transport_get_property;

  /**
   * WherryDtlsTransport:ice-transport:
   *
   * What carries it (RTCDtlsTransport.iceTransport).
   */
  properties[PROP_ICE_TRANSPORT]
      = g_param_spec_object ("ice-transport", NULL, NULL, WHERRY_TYPE_ICE_TRANSPORT, flags);
  /**
   * WherryDtlsTransport:state:
   *
   * Its state (RTCDtlsTransport.state).
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, WHERRY_TYPE_DTLS_TRANSPORT_STATE,
                                              WHERRY_DTLS_TRANSPORT_STATE_NEW, flags);
  /**
   * WherryDtlsTransport:remote-certificate:
   *
   * The other side's certificate in DER form, once it was verified
   * (RTCDtlsTransport.getRemoteCertificates()).
   */
  properties[PROP_REMOTE_CERTIFICATE]
      = g_param_spec_boxed ("remote-certificate", NULL, NULL, G_TYPE_BYTES, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);

  /**
   * WherryDtlsTransport::error:
   * @self: the transport
   * @error: why the handshake failed; %WHERRY_ERROR_UNVERIFIED when the certificate was not the
   *   signaled one
   *
   * It failed (RTCDtlsTransport.onerror).
   */
  g_signal_new ("error", WHERRY_TYPE_DTLS_TRANSPORT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
wherry_dtls_transport_init (WherryDtlsTransport *self)
{
  self->ice_transport = wherry_ice_transport_new ();
}

WherryDtlsTransport *
wherry_dtls_transport_new (void)
{
  return g_object_new (WHERRY_TYPE_DTLS_TRANSPORT, NULL);
}

static WherryDtlsTransportState
to_state (WherryTransportState state)
{
  switch (state)
    {
    case WHERRY_TRANSPORT_CONNECTING:
      return WHERRY_DTLS_TRANSPORT_STATE_CONNECTING;
    case WHERRY_TRANSPORT_CONNECTED:
    case WHERRY_TRANSPORT_DISCONNECTED:
      return WHERRY_DTLS_TRANSPORT_STATE_CONNECTED;
    case WHERRY_TRANSPORT_FAILED:
      return WHERRY_DTLS_TRANSPORT_STATE_FAILED;
    case WHERRY_TRANSPORT_CLOSED:
      return WHERRY_DTLS_TRANSPORT_STATE_CLOSED;
    case WHERRY_TRANSPORT_NEW:
    default:
      return WHERRY_DTLS_TRANSPORT_STATE_NEW;
    }
}

void
wherry_dtls_transport_update (WherryDtlsTransport *self, const WherryTransportsState *state,
                              gboolean tell)
{
  WherryDtlsTransportState now = to_state (state->dtls);

  wherry_ice_transport_update (self->ice_transport, state, tell);
  if (self->state == now)
    return;
  self->state = now;
  if (tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

WherryIceTransport *
wherry_dtls_transport_get_ice_transport (WherryDtlsTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_DTLS_TRANSPORT (self), NULL);
  return self->ice_transport;
}

WherryDtlsTransportState
wherry_dtls_transport_get_state (WherryDtlsTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_DTLS_TRANSPORT (self), WHERRY_DTLS_TRANSPORT_STATE_CLOSED);
  return self->state;
}

GBytes *
wherry_dtls_transport_get_remote_certificate (WherryDtlsTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_DTLS_TRANSPORT (self), NULL);
  return self->remote_certificate;
}

void
wherry_dtls_transport_take_details (WherryDtlsTransport *self, const WherryPeerStats *stats,
                                    GBytes *certificate)
{
  wherry_ice_transport_take_details (self->ice_transport, stats);
  if (self->remote_certificate != NULL || certificate == NULL)
    return;
  self->remote_certificate = g_bytes_ref (certificate);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REMOTE_CERTIFICATE]);
}
