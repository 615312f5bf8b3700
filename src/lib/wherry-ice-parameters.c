/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-transports-private.h"

struct _WherryIceParameters
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  char *username_fragment;
  char *password;
};

typedef enum
{
  PROP_USERNAME_FRAGMENT = 1,
  PROP_PASSWORD,
} Property;

static GParamSpec *properties[PROP_PASSWORD + 1];

G_DEFINE_FINAL_TYPE (WherryIceParameters, wherry_ice_parameters, G_TYPE_OBJECT)

static void
wherry_ice_parameters_finalize (GObject *object)
{
  WherryIceParameters *self = WHERRY_ICE_PARAMETERS (object);

  g_free (self->username_fragment);
  g_free (self->password);
  G_OBJECT_CLASS (wherry_ice_parameters_parent_class)->finalize (object);
}

static void
wherry_ice_parameters_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryIceParameters *self = WHERRY_ICE_PARAMETERS (object);

  switch ((Property) id)
    {
    case PROP_USERNAME_FRAGMENT:
      g_value_set_string (value, self->username_fragment);
      break;
    case PROP_PASSWORD:
      g_value_set_string (value, self->password);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_ice_parameters_class_init (WherryIceParametersClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_ice_parameters_finalize;
  object_class->get_property = wherry_ice_parameters_get_property;

  /**
   * WherryIceParameters:username-fragment:
   *
   * Which ICE generation it is (RTCIceParameters.usernameFragment).
   */
  properties[PROP_USERNAME_FRAGMENT]
      = g_param_spec_string ("username-fragment", NULL, NULL, NULL, flags);
  /**
   * WherryIceParameters:password:
   *
   * A secret of the two sides (RTCIceParameters.password).
   */
  properties[PROP_PASSWORD] = g_param_spec_string ("password", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_ice_parameters_init (WherryIceParameters *self)
{
}

WherryIceParameters *
wherry_ice_parameters_new (const char *username_fragment, const char *password)
{
  WherryIceParameters *self = g_object_new (WHERRY_TYPE_ICE_PARAMETERS, NULL);

  self->username_fragment = g_strdup (username_fragment);
  self->password = g_strdup (password);
  return self;
}

const char *
wherry_ice_parameters_get_username_fragment (WherryIceParameters *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_PARAMETERS (self), NULL);
  return self->username_fragment;
}

const char *
wherry_ice_parameters_get_password (WherryIceParameters *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_PARAMETERS (self), NULL);
  return self->password;
}
