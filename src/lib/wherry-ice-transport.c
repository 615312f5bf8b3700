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
  WherryIceRole role;
  char *selected_local_address;  /* (nullable) */
  char *selected_remote_address; /* (nullable) */
};

typedef enum
{
  PROP_STATE = 1,
  PROP_GATHERING_STATE,
  PROP_ROLE,
  PROP_SELECTED_LOCAL_ADDRESS,
  PROP_SELECTED_REMOTE_ADDRESS,
} Property;

static GParamSpec *properties[PROP_SELECTED_REMOTE_ADDRESS + 1];

G_DEFINE_FINAL_TYPE (WherryIceTransport, wherry_ice_transport, G_TYPE_OBJECT)

static void
wherry_ice_transport_finalize (GObject *object)
{
  WherryIceTransport *self = WHERRY_ICE_TRANSPORT (object);

  g_free (self->selected_local_address);
  g_free (self->selected_remote_address);
  G_OBJECT_CLASS (wherry_ice_transport_parent_class)->finalize (object);
}

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
    case PROP_ROLE:
      g_value_set_enum (value, self->role);
      break;
    case PROP_SELECTED_LOCAL_ADDRESS:
      g_value_set_string (value, self->selected_local_address);
      break;
    case PROP_SELECTED_REMOTE_ADDRESS:
      g_value_set_string (value, self->selected_remote_address);
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

  object_class->finalize = wherry_ice_transport_finalize;
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
  /**
   * WherryIceTransport:role:
   *
   * Which side chooses the pair (RTCIceTransport.role).
   */
  properties[PROP_ROLE] = g_param_spec_enum ("role", NULL, NULL, WHERRY_TYPE_ICE_ROLE,
                                             WHERRY_ICE_ROLE_UNKNOWN, flags);
  /**
   * WherryIceTransport:selected-local-address:
   *
   * Our side of the selected pair.
   */
  properties[PROP_SELECTED_LOCAL_ADDRESS]
      = g_param_spec_string ("selected-local-address", NULL, NULL, NULL, flags);
  /**
   * WherryIceTransport:selected-remote-address:
   *
   * Their side of the selected pair (RTCIceTransport.onselectedcandidatepairchange is its notify
   * signal).
   */
  properties[PROP_SELECTED_REMOTE_ADDRESS]
      = g_param_spec_string ("selected-remote-address", NULL, NULL, NULL, flags);
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

WherryIceRole
wherry_ice_transport_get_role (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), WHERRY_ICE_ROLE_UNKNOWN);
  return self->role;
}

const char *
wherry_ice_transport_get_selected_local_address (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), NULL);
  return self->selected_local_address;
}

const char *
wherry_ice_transport_get_selected_remote_address (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), NULL);
  return self->selected_remote_address;
}

void
wherry_ice_transport_take_details (WherryIceTransport *self, const WherryPeerStats *stats)
{
  const WherryIcePair *pair = &stats->ice.pair;
  WherryIceRole role
      = stats->ice.controlling ? WHERRY_ICE_ROLE_CONTROLLING : WHERRY_ICE_ROLE_CONTROLLED;

  if (!stats->has_ice || !stats->ice.has_pair)
    return;
  if (self->role != role)
    {
      self->role = role;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROLE]);
    }
  if (g_strcmp0 (self->selected_local_address, pair->local_address) == 0
      && g_strcmp0 (self->selected_remote_address, pair->remote_address) == 0)
    return;
  g_free (self->selected_local_address);
  g_free (self->selected_remote_address);
  self->selected_local_address = g_strdup (pair->local_address);
  self->selected_remote_address = g_strdup (pair->remote_address);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED_LOCAL_ADDRESS]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED_REMOTE_ADDRESS]);
}
