/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-session-description.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-enum-types.h"
#include "wire/wherry-json.h"
#include "wire/wherry-sdp.h"

G_STATIC_ASSERT ((int) WHERRY_DESCRIPTION_TYPE_ROLLBACK == (int) WHERRY_SDP_ROLLBACK);
G_STATIC_ASSERT ((int) WHERRY_DESCRIPTION_TYPE_ANSWER == (int) WHERRY_SDP_ANSWER);
G_STATIC_ASSERT ((int) WHERRY_DESCRIPTION_TYPE_PRANSWER == (int) WHERRY_SDP_PRANSWER);
G_STATIC_ASSERT ((int) WHERRY_DESCRIPTION_TYPE_OFFER == (int) WHERRY_SDP_OFFER);

struct _WherrySessionDescription
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryDescriptionType type;
  char *sdp;
};

typedef enum
{
  PROP_DESCRIPTION_TYPE = 1,
  PROP_SDP,
} Property;

static GParamSpec *properties[PROP_SDP + 1];

G_DEFINE_FINAL_TYPE (WherrySessionDescription, wherry_session_description, G_TYPE_OBJECT)

static void
wherry_session_description_finalize (GObject *object)
{
  WherrySessionDescription *self = WHERRY_SESSION_DESCRIPTION (object);

  g_free (self->sdp);
  G_OBJECT_CLASS (wherry_session_description_parent_class)->finalize (object);
}

static void
wherry_session_description_get_property (GObject *object, guint id, GValue *value,
                                         GParamSpec *pspec)
{
  WherrySessionDescription *self = WHERRY_SESSION_DESCRIPTION (object);

  switch ((Property) id)
    {
    case PROP_DESCRIPTION_TYPE:
      g_value_set_enum (value, self->type);
      break;
    case PROP_SDP:
      g_value_set_string (value, self->sdp);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_session_description_set_property (GObject *object, guint id, const GValue *value,
                                         GParamSpec *pspec)
{
  WherrySessionDescription *self = WHERRY_SESSION_DESCRIPTION (object);

  switch ((Property) id)
    {
    case PROP_DESCRIPTION_TYPE:
      self->type = (WherryDescriptionType) g_value_get_enum (value);
      break;
    case PROP_SDP:
      self->sdp = g_value_dup_string (value);
      if (self->sdp == NULL)
        self->sdp = g_strdup ("");
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_session_description_class_init (WherrySessionDescriptionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_session_description_finalize;
  object_class->get_property = wherry_session_description_get_property;
  object_class->set_property = wherry_session_description_set_property;

  /**
   * WherrySessionDescription:description-type:
   *
   * What it is (RTCSessionDescription.type).
   */
  properties[PROP_DESCRIPTION_TYPE]
      = g_param_spec_enum ("description-type", NULL, NULL, WHERRY_TYPE_DESCRIPTION_TYPE,
                           WHERRY_DESCRIPTION_TYPE_OFFER, flags);
  /**
   * WherrySessionDescription:sdp:
   *
   * The session description (RFC 8866); "" in a rollback.
   */
  properties[PROP_SDP] = g_param_spec_string ("sdp", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_session_description_init (WherrySessionDescription *self)
{
}

WherrySessionDescription *
wherry_session_description_new (WherryDescriptionType type, const char *sdp)
{
  return g_object_new (WHERRY_TYPE_SESSION_DESCRIPTION, "description-type", type, "sdp", sdp, NULL);
}

WherrySessionDescription *
wherry_session_description_new_from_json (const char *json, GError **error)
{
  static const WherryJsonLimits limits = {
    .length = 2 * WHERRY_SDP_MAX, /* each line end takes two bytes more */
    .depth = WHERRY_JSON_DEPTH_MAX,
  };
  g_autoptr (WherryJsonObject) object = NULL;
  const char *name = NULL;
  const char *sdp = "";
  WherrySdpType type;

  g_return_val_if_fail (json != NULL, NULL);

  object = wherry_json_object_parse (json, strlen (json), &limits, error);
  if (object == NULL || !wherry_json_object_get_string (object, "type", G_MAXSIZE, &name, error))
    return NULL;
  if (!wherry_sdp_type_from_string (name, &type))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "type is none of “offer”, “pranswer”, “answer” and “rollback”");
      return NULL;
    }
  if (type != WHERRY_SDP_ROLLBACK
      && !wherry_json_object_get_string (object, "sdp", WHERRY_SDP_MAX, &sdp, error))
    return NULL;
  return wherry_session_description_new ((WherryDescriptionType) type, sdp);
}

char *
wherry_session_description_to_json (WherrySessionDescription *self)
{
  WherryJsonWriter *writer = NULL;

  g_return_val_if_fail (WHERRY_IS_SESSION_DESCRIPTION (self), NULL);

  writer = wherry_json_writer_new ();
  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "type",
                             wherry_sdp_type_to_string ((WherrySdpType) self->type));
  wherry_json_writer_string (writer, "sdp", self->sdp);
  wherry_json_writer_end_object (writer);
  return wherry_json_writer_finish (writer, NULL);
}

WherryDescriptionType
wherry_session_description_get_description_type (WherrySessionDescription *self)
{
  g_return_val_if_fail (WHERRY_IS_SESSION_DESCRIPTION (self), WHERRY_DESCRIPTION_TYPE_OFFER);
  return self->type;
}

const char *
wherry_session_description_get_sdp (WherrySessionDescription *self)
{
  g_return_val_if_fail (WHERRY_IS_SESSION_DESCRIPTION (self), NULL);
  return self->sdp;
}
