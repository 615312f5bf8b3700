/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-ice-server.h"

#include "base/wherry-error.h"
#include "wire/wherry-ice-url.h"

struct _WherryIceServer
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  GStrv urls;
  char *username;
  char *credential; /* a secret: never logged */
};

typedef enum
{
  PROP_URLS = 1,
  PROP_USERNAME,
  PROP_CREDENTIAL,
} Property;

static GParamSpec *properties[PROP_CREDENTIAL + 1];

static void initable_init (GInitableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (WherryIceServer, wherry_ice_server, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_init))

static gboolean
check_url (WherryIceServer *self, const char *text, GError **error)
{
  g_autoptr (WherryIceUrl) url = wherry_ice_url_parse (text, error);

  if (url == NULL)
    return FALSE;
  if (url->is_turn && (self->username == NULL || self->credential == NULL))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "a TURN server needs a username and a credential");
      return FALSE;
    }
  if (url->tls && !url->is_turn)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNSUPPORTED,
                           "stuns: is not supported: use stun:, or turns:");
      return FALSE;
    }
  return TRUE;
}

static gboolean
wherry_ice_server_init_checked (GInitable *initable, GCancellable *cancellable, GError **error)
{
  WherryIceServer *self = WHERRY_ICE_SERVER (initable);

  if (self->urls == NULL || self->urls[0] == NULL)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT,
                           "an ICE server needs a URL");
      return FALSE;
    }
  for (guint i = 0; self->urls[i] != NULL; i++)
    if (!check_url (self, self->urls[i], error))
      return FALSE;
  return TRUE;
}

static void
initable_init (GInitableIface *iface)
{
  iface->init = wherry_ice_server_init_checked;
}

static void
wherry_ice_server_finalize (GObject *object)
{
  WherryIceServer *self = WHERRY_ICE_SERVER (object);

  g_strfreev (self->urls);
  g_free (self->username);
  g_free (self->credential);
  G_OBJECT_CLASS (wherry_ice_server_parent_class)->finalize (object);
}

static void
wherry_ice_server_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryIceServer *self = WHERRY_ICE_SERVER (object);

  switch ((Property) id)
    {
    case PROP_URLS:
      g_value_set_boxed (value, self->urls);
      break;
    case PROP_USERNAME:
      g_value_set_string (value, self->username);
      break;
    case PROP_CREDENTIAL:
      g_value_set_string (value, self->credential);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_ice_server_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WherryIceServer *self = WHERRY_ICE_SERVER (object);

  switch ((Property) id)
    {
    case PROP_URLS:
      self->urls = g_value_dup_boxed (value);
      break;
    case PROP_USERNAME:
      self->username = g_value_dup_string (value);
      break;
    case PROP_CREDENTIAL:
      self->credential = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_ice_server_class_init (WherryIceServerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_ice_server_finalize;
  object_class->get_property = wherry_ice_server_get_property;
  object_class->set_property = wherry_ice_server_set_property;

  /**
   * WherryIceServer:urls:
   *
   * RTCIceServer.urls.
   */
  properties[PROP_URLS] = g_param_spec_boxed ("urls", NULL, NULL, G_TYPE_STRV, flags);
  /**
   * WherryIceServer:username:
   *
   * RTCIceServer.username.
   */
  properties[PROP_USERNAME] = g_param_spec_string ("username", NULL, NULL, NULL, flags);
  /**
   * WherryIceServer:credential:
   *
   * RTCIceServer.credential: a password.
   */
  properties[PROP_CREDENTIAL] = g_param_spec_string ("credential", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_ice_server_init (WherryIceServer *self)
{
}

WherryIceServer *
wherry_ice_server_new (const char *const *urls, const char *username, const char *credential,
                       GError **error)
{
  return g_initable_new (WHERRY_TYPE_ICE_SERVER, NULL, error, "urls", urls, "username", username,
                         "credential", credential, NULL);
}

const char *const *
wherry_ice_server_get_urls (WherryIceServer *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_SERVER (self), NULL);
  return (const char *const *) self->urls;
}

const char *
wherry_ice_server_get_username (WherryIceServer *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_SERVER (self), NULL);
  return self->username;
}

const char *
wherry_ice_server_get_credential (WherryIceServer *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_SERVER (self), NULL);
  return self->credential;
}
