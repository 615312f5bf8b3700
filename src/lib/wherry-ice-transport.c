/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-enum-types.h"
#include "lib/wherry-transports-private.h"

struct _WherryIceTransport
{
  GObject parent_instance;

  WherryIceConnectionState state;
  WherryIceGatheringState gathering_state;
};

typedef enum
{
  PROP_STATE = 1,
  PROP_GATHERING_STATE,
} Property;

static GParamSpec *properties[PROP_GATHERING_STATE + 1];

G_DEFINE_FINAL_TYPE (WherryIceTransport, wherry_ice_transport, G_TYPE_OBJECT)

static void
wherry_ice_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryIceTransport *self = WHERRY_ICE_TRANSPORT (object);

  switch ((Property) id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_GATHERING_STATE:
      g_value_set_enum (value, self->gathering_state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_ice_transport_class_init (WherryIceTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = wherry_ice_transport_get_property;

  /**
   * WherryIceTransport:state:
   *
   * Its state (RTCIceTransport.state).
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, WHERRY_TYPE_ICE_CONNECTION_STATE,
                                              WHERRY_ICE_CONNECTION_STATE_NEW, flags);
  /**
   * WherryIceTransport:gathering-state:
   *
   * Whether our candidates are found (RTCIceTransport.gatheringState).
   */
  properties[PROP_GATHERING_STATE]
      = g_param_spec_enum ("gathering-state", NULL, NULL, WHERRY_TYPE_ICE_GATHERING_STATE,
                           WHERRY_ICE_GATHERING_STATE_NEW, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_ice_transport_init (WherryIceTransport *self)
{
}

WherryIceTransport *
wherry_ice_transport_new (void)
{
  return g_object_new (WHERRY_TYPE_ICE_TRANSPORT, NULL);
}

void
wherry_ice_transport_update (WherryIceTransport *self, const WherryTransportsState *state,
                             gboolean tell)
{
  gboolean gathering_changed = self->gathering_state != state->gathering;
  gboolean changed = self->state != state->ice;

  self->gathering_state = state->gathering;
  self->state = state->ice;
  if (gathering_changed && tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GATHERING_STATE]);
  if (changed && tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

WherryIceConnectionState
wherry_ice_transport_get_state (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), WHERRY_ICE_CONNECTION_STATE_CLOSED);
  return self->state;
}

WherryIceGatheringState
wherry_ice_transport_get_gathering_state (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), WHERRY_ICE_GATHERING_STATE_NEW);
  return self->gathering_state;
}
