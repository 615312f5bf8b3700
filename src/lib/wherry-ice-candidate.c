/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-ice-candidate.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-enum-types.h"
#include "wire/wherry-candidate.h"
#include "wire/wherry-json.h"

G_STATIC_ASSERT ((int) WHERRY_ICE_CANDIDATE_TYPE_HOST == (int) WHERRY_CANDIDATE_TYPE_HOST);
G_STATIC_ASSERT ((int) WHERRY_ICE_CANDIDATE_TYPE_SRFLX == (int) WHERRY_CANDIDATE_TYPE_SRFLX);
G_STATIC_ASSERT ((int) WHERRY_ICE_CANDIDATE_TYPE_PRFLX == (int) WHERRY_CANDIDATE_TYPE_PRFLX);
G_STATIC_ASSERT ((int) WHERRY_ICE_CANDIDATE_TYPE_RELAY == (int) WHERRY_CANDIDATE_TYPE_RELAY);

struct _WherryIceCandidate
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  char *candidate;
  char *sdp_mid;
  int sdp_mline_index;
  char *username_fragment;
  WherryCandidate *parsed; /* NULL: the end of candidates, or malformed */
};

typedef enum
{
  PROP_CANDIDATE = 1,
  PROP_SDP_MID,
  PROP_SDP_MLINE_INDEX,
  PROP_USERNAME_FRAGMENT,
  PROP_FOUNDATION,
  PROP_COMPONENT,
  PROP_PRIORITY,
  PROP_ADDRESS,
  PROP_PROTOCOL,
  PROP_PORT,
  PROP_CANDIDATE_TYPE,
  PROP_TCP_TYPE,
  PROP_RELATED_ADDRESS,
  PROP_RELATED_PORT,
} Property;

static GParamSpec *properties[PROP_RELATED_PORT + 1];

G_DEFINE_FINAL_TYPE (WherryIceCandidate, wherry_ice_candidate, G_TYPE_OBJECT)

static void
wherry_ice_candidate_constructed (GObject *object)
{
  WherryIceCandidate *self = WHERRY_ICE_CANDIDATE (object);

  if (self->candidate == NULL)
    self->candidate = g_strdup ("");
  self->parsed = wherry_candidate_parse (self->candidate, strlen (self->candidate), NULL);
  if (self->username_fragment == NULL && self->parsed != NULL)
    self->username_fragment = g_strdup (self->parsed->ufrag);
  G_OBJECT_CLASS (wherry_ice_candidate_parent_class)->constructed (object);
}

static void
wherry_ice_candidate_finalize (GObject *object)
{
  WherryIceCandidate *self = WHERRY_ICE_CANDIDATE (object);

  g_free (self->candidate);
  g_free (self->sdp_mid);
  g_free (self->username_fragment);
  g_clear_pointer (&self->parsed, wherry_candidate_free);
  G_OBJECT_CLASS (wherry_ice_candidate_parent_class)->finalize (object);
}

static void
wherry_ice_candidate_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryIceCandidate *self = WHERRY_ICE_CANDIDATE (object);

  switch ((Property) id)
    {
    case PROP_CANDIDATE:
      g_value_set_string (value, self->candidate);
      break;
    case PROP_SDP_MID:
      g_value_set_string (value, self->sdp_mid);
      break;
    case PROP_SDP_MLINE_INDEX:
      g_value_set_int (value, self->sdp_mline_index);
      break;
    case PROP_USERNAME_FRAGMENT:
      g_value_set_string (value, self->username_fragment);
      break;
    case PROP_FOUNDATION:
      g_value_set_string (value, wherry_ice_candidate_get_foundation (self));
      break;
    case PROP_COMPONENT:
      g_value_set_uint (value, wherry_ice_candidate_get_component (self));
      break;
    case PROP_PRIORITY:
      g_value_set_uint (value, wherry_ice_candidate_get_priority (self));
      break;
    case PROP_ADDRESS:
      g_value_set_string (value, wherry_ice_candidate_get_address (self));
      break;
    case PROP_PROTOCOL:
      g_value_set_string (value, wherry_ice_candidate_get_protocol (self));
      break;
    case PROP_PORT:
      g_value_set_uint (value, wherry_ice_candidate_get_port (self));
      break;
    case PROP_CANDIDATE_TYPE:
      g_value_set_enum (value, wherry_ice_candidate_get_candidate_type (self));
      break;
    case PROP_TCP_TYPE:
      g_value_set_string (value, wherry_ice_candidate_get_tcp_type (self));
      break;
    case PROP_RELATED_ADDRESS:
      g_value_set_string (value, wherry_ice_candidate_get_related_address (self));
      break;
    case PROP_RELATED_PORT:
      g_value_set_uint (value, wherry_ice_candidate_get_related_port (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_ice_candidate_set_property (GObject *object, guint id, const GValue *value,
                                   GParamSpec *pspec)
{
  WherryIceCandidate *self = WHERRY_ICE_CANDIDATE (object);

  if (id == PROP_CANDIDATE)
    self->candidate = g_value_dup_string (value);
  else if (id == PROP_SDP_MID)
    self->sdp_mid = g_value_dup_string (value);
  else if (id == PROP_SDP_MLINE_INDEX)
    self->sdp_mline_index = g_value_get_int (value);
  else if (id == PROP_USERNAME_FRAGMENT)
    self->username_fragment = g_value_dup_string (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* What a program gives. */
static void
install_signaled_properties (GParamFlags flags)
{
  /**
   * WherryIceCandidate:candidate:
   *
   * "candidate:…", or "" for the end of candidates (RTCIceCandidate.candidate).
   */
  properties[PROP_CANDIDATE] = g_param_spec_string ("candidate", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:sdp-mid:
   *
   * The media section's mid (RTCIceCandidate.sdpMid).
   */
  properties[PROP_SDP_MID] = g_param_spec_string ("sdp-mid", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:sdp-mline-index:
   *
   * The media section's index, or -1 (RTCIceCandidate.sdpMLineIndex).
   */
  properties[PROP_SDP_MLINE_INDEX]
      = g_param_spec_int ("sdp-mline-index", NULL, NULL, -1, G_MAXUINT16, -1, flags);
  /**
   * WherryIceCandidate:username-fragment:
   *
   * The ICE generation that it belongs to (RTCIceCandidate.usernameFragment).
   */
  properties[PROP_USERNAME_FRAGMENT]
      = g_param_spec_string ("username-fragment", NULL, NULL, NULL, flags);
}

/* What is read from it. */
static void
install_parsed_properties (GParamFlags flags)
{
  /**
   * WherryIceCandidate:foundation:
   *
   * RTCIceCandidate.foundation (RFC 8445 section 5.1.1.3).
   */
  properties[PROP_FOUNDATION] = g_param_spec_string ("foundation", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:component:
   *
   * 1 ("rtp"): data channels have no other (RTCIceCandidate.component).
   */
  properties[PROP_COMPONENT] = g_param_spec_uint ("component", NULL, NULL, 0, 1, 0, flags);
  /**
   * WherryIceCandidate:priority:
   *
   * RTCIceCandidate.priority (RFC 8445 section 5.1.2).
   */
  properties[PROP_PRIORITY] = g_param_spec_uint ("priority", NULL, NULL, 0, G_MAXINT32, 0, flags);
  /**
   * WherryIceCandidate:address:
   *
   * A literal address or an mDNS name (RTCIceCandidate.address).
   */
  properties[PROP_ADDRESS] = g_param_spec_string ("address", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:protocol:
   *
   * "udp" or "tcp" (RTCIceCandidate.protocol).
   */
  properties[PROP_PROTOCOL] = g_param_spec_string ("protocol", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:port:
   *
   * RTCIceCandidate.port.
   */
  properties[PROP_PORT] = g_param_spec_uint ("port", NULL, NULL, 0, G_MAXUINT16, 0, flags);
  /**
   * WherryIceCandidate:candidate-type:
   *
   * Where it comes from (RTCIceCandidate.type).
   */
  properties[PROP_CANDIDATE_TYPE]
      = g_param_spec_enum ("candidate-type", NULL, NULL, WHERRY_TYPE_ICE_CANDIDATE_TYPE,
                           WHERRY_ICE_CANDIDATE_TYPE_HOST, flags);
  /**
   * WherryIceCandidate:tcp-type:
   *
   * "active", "passive" or "so" (RTCIceCandidate.tcpType; RFC 6544).
   */
  properties[PROP_TCP_TYPE] = g_param_spec_string ("tcp-type", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:related-address:
   *
   * The base of a reflexive or relayed candidate (RTCIceCandidate.relatedAddress).
   */
  properties[PROP_RELATED_ADDRESS]
      = g_param_spec_string ("related-address", NULL, NULL, NULL, flags);
  /**
   * WherryIceCandidate:related-port:
   *
   * Its port (RTCIceCandidate.relatedPort).
   */
  properties[PROP_RELATED_PORT]
      = g_param_spec_uint ("related-port", NULL, NULL, 0, G_MAXUINT16, 0, flags);
}

static void
wherry_ice_candidate_class_init (WherryIceCandidateClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = wherry_ice_candidate_constructed;
  object_class->finalize = wherry_ice_candidate_finalize;
  object_class->get_property = wherry_ice_candidate_get_property;
  object_class->set_property = wherry_ice_candidate_set_property;
  install_signaled_properties (G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  install_parsed_properties (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_ice_candidate_init (WherryIceCandidate *self)
{
}

WherryIceCandidate *
wherry_ice_candidate_new (const char *candidate, const char *sdp_mid, int sdp_mline_index,
                          const char *username_fragment)
{
  return g_object_new (WHERRY_TYPE_ICE_CANDIDATE, "candidate", candidate, "sdp-mid", sdp_mid,
                       "sdp-mline-index", sdp_mline_index, "username-fragment", username_fragment,
                       NULL);
}

WherryIceCandidate *
wherry_ice_candidate_new_from_json (const char *json, GError **error)
{
  static const WherryJsonLimits limits = {
    .length = WHERRY_SIGNAL_MESSAGE_MAX,
    .depth = WHERRY_JSON_DEPTH_MAX,
  };
  g_autoptr (WherryJsonObject) object = NULL;
  const char *candidate = NULL;
  const char *mid = NULL;
  const char *ufrag = NULL;
  gint64 index = -1;

  g_return_val_if_fail (json != NULL, NULL);

  object = wherry_json_object_parse (json, strlen (json), &limits, error);
  if (object == NULL
      || !wherry_json_object_get_string_or (object, "candidate", WHERRY_CANDIDATE_LINE_MAX, "",
                                            &candidate, error)
      || !wherry_json_object_get_string_or (object, "sdpMid", WHERRY_CANDIDATE_LINE_MAX, NULL, &mid,
                                            error)
      || !wherry_json_object_get_int_or (object, "sdpMLineIndex", 0, G_MAXUINT16, -1, &index, error)
      || !wherry_json_object_get_string_or (object, "usernameFragment", WHERRY_CANDIDATE_LINE_MAX,
                                            NULL, &ufrag, error))
    return NULL;
  if (mid == NULL && index < 0)
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                           "neither sdpMid nor sdpMLineIndex is given");
      return NULL;
    }
  return wherry_ice_candidate_new (candidate, mid, (int) index, ufrag);
}

char *
wherry_ice_candidate_to_json (WherryIceCandidate *self)
{
  WherryJsonWriter *writer = NULL;

  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);

  writer = wherry_json_writer_new ();
  wherry_json_writer_begin_object (writer, NULL);
  wherry_json_writer_string (writer, "candidate", self->candidate);
  if (self->sdp_mid != NULL)
    wherry_json_writer_string (writer, "sdpMid", self->sdp_mid);
  else
    wherry_json_writer_null (writer, "sdpMid");
  if (self->sdp_mline_index >= 0)
    wherry_json_writer_int (writer, "sdpMLineIndex", self->sdp_mline_index);
  else
    wherry_json_writer_null (writer, "sdpMLineIndex");
  if (self->username_fragment != NULL)
    wherry_json_writer_string (writer, "usernameFragment", self->username_fragment);
  else
    wherry_json_writer_null (writer, "usernameFragment");
  wherry_json_writer_end_object (writer);
  return wherry_json_writer_finish (writer, NULL);
}

const char *
wherry_ice_candidate_get_candidate (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->candidate;
}

const char *
wherry_ice_candidate_get_sdp_mid (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->sdp_mid;
}

int
wherry_ice_candidate_get_sdp_mline_index (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), -1);
  return self->sdp_mline_index;
}

const char *
wherry_ice_candidate_get_username_fragment (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->username_fragment;
}

gboolean
wherry_ice_candidate_is_parsed (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), FALSE);
  return self->parsed != NULL;
}

const char *
wherry_ice_candidate_get_foundation (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->parsed != NULL ? self->parsed->foundation : NULL;
}

guint
wherry_ice_candidate_get_component (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), 0);
  return self->parsed != NULL ? self->parsed->component : 0;
}

guint
wherry_ice_candidate_get_priority (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), 0);
  return self->parsed != NULL ? self->parsed->priority : 0;
}

const char *
wherry_ice_candidate_get_address (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->parsed != NULL ? self->parsed->address : NULL;
}

const char *
wherry_ice_candidate_get_protocol (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->parsed != NULL ? wherry_candidate_transport_to_string (self->parsed->transport)
                              : NULL;
}

guint
wherry_ice_candidate_get_port (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), 0);
  return self->parsed != NULL ? self->parsed->port : 0;
}

WherryIceCandidateType
wherry_ice_candidate_get_candidate_type (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), WHERRY_ICE_CANDIDATE_TYPE_HOST);
  return self->parsed != NULL ? (WherryIceCandidateType) self->parsed->type
                              : WHERRY_ICE_CANDIDATE_TYPE_HOST;
}

const char *
wherry_ice_candidate_get_tcp_type (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->parsed != NULL && self->parsed->tcp_type != WHERRY_CANDIDATE_TCP_NONE
             ? wherry_candidate_tcp_type_to_string (self->parsed->tcp_type)
             : NULL;
}

const char *
wherry_ice_candidate_get_related_address (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), NULL);
  return self->parsed != NULL ? self->parsed->related_address : NULL;
}

guint
wherry_ice_candidate_get_related_port (WherryIceCandidate *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_CANDIDATE (self), 0);
  return self->parsed != NULL ? self->parsed->related_port : 0;
}
