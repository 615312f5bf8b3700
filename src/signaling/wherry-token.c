/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-token.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "wire/wherry-base64url.h"
#include "wire/wherry-json-span.h"
#include "wire/wherry-json.h"

/* Seconds since 1970 that are kept in microseconds without loss: until the year 4970. */
#define SECONDS_MAX 94670000000.0
/* Of iss, jti and the like, which are not ours to judge, nothing is read. */
#define AUDIENCES_MAX 16u
#define TEXT_MAX 1024u

struct _WherryToken
{
  WherryTokenAlgorithm algorithm;
  char *key_id;
  char *text;
  gsize signed_length;
  guint8 *signature;
  gsize signature_length;
  char *claims; /* JSON text */
  gsize claims_length;
  WherryJsonObject *object; /* of claims */
};

static const WherryJsonLimits header_limits = { .length = WHERRY_TOKEN_HEADER_MAX, .depth = 4 };
static const WherryJsonLimits claims_limits
    = { .length = WHERRY_TOKEN_MAX, .depth = WHERRY_JSON_DEPTH_MAX };

static gboolean
fail (GError **error, int code, const char *text)
{
  g_set_error_literal (error, WHERRY_ERROR, code, text);
  return FALSE;
}

gboolean
wherry_token_algorithm_from_string (const char *name, WherryTokenAlgorithm *out)
{
  if (strcmp (name, "HS256") == 0)
    *out = WHERRY_TOKEN_HS256;
  else if (strcmp (name, "ES256") == 0)
    *out = WHERRY_TOKEN_ES256;
  else
    return FALSE;
  return TRUE;
}

/* ---- taking it apart ---- */

/* RFC 7515 section 4.1. What else a header may hold (jku, jwk, x5c: keys to take from elsewhere) is
 * not looked at. */
static gboolean
read_header (WherryToken *self, const char *part, gsize length, GError **error)
{
  g_autofree char *json = NULL;
  g_autoptr (WherryJsonObject) object = NULL;
  const char *algorithm, *type, *key_id;
  gsize n;

  json = (char *) wherry_base64url_decode (part, length, &n);
  if (json == NULL)
    return fail (error, WHERRY_ERROR_PROTOCOL, "the header is not base64url");
  object = wherry_json_object_parse (json, n, &header_limits, error);
  if (object == NULL || !wherry_json_object_get_string (object, "alg", TEXT_MAX, &algorithm, error)
      || !wherry_json_object_get_string_or (object, "typ", TEXT_MAX, "JWT", &type, error)
      || !wherry_json_object_get_string_or (object, "kid", WHERRY_TOKEN_KEY_ID_MAX, NULL, &key_id,
                                            error))
    return FALSE;
  if (wherry_json_object_has (object, "crit"))
    return fail (error, WHERRY_ERROR_UNSUPPORTED, "it has critical extensions");
  if (g_ascii_strcasecmp (type, "JWT") != 0)
    return fail (error, WHERRY_ERROR_UNSUPPORTED, "its typ is not JWT");
  if (!wherry_token_algorithm_from_string (algorithm, &self->algorithm))
    return fail (error, WHERRY_ERROR_UNSUPPORTED, "its algorithm is neither HS256 nor ES256");
  self->key_id = g_strdup (key_id);
  return TRUE;
}

static gboolean
read_parts (WherryToken *self, GError **error)
{
  const char *first = strchr (self->text, '.');
  const char *second = first != NULL ? strchr (first + 1, '.') : NULL;

  if (second == NULL)
    return fail (error, WHERRY_ERROR_PROTOCOL, "it does not have three parts");
  if ((gsize) (first - self->text) > WHERRY_TOKEN_HEADER_MAX)
    return fail (error, WHERRY_ERROR_TOO_LARGE, "its header is too long");
  if (!read_header (self, self->text, (gsize) (first - self->text), error))
    return FALSE;
  self->signed_length = (gsize) (second - self->text);
  self->claims = (char *) wherry_base64url_decode (first + 1, (gsize) (second - first - 1),
                                                   &self->claims_length);
  /* a fourth part has a dot, which base64url has not */
  self->signature
      = wherry_base64url_decode (second + 1, strlen (second + 1), &self->signature_length);
  if (self->claims == NULL || self->signature == NULL)
    return fail (error, WHERRY_ERROR_PROTOCOL, "the claims or the signature are not base64url");
  self->object
      = wherry_json_object_parse (self->claims, self->claims_length, &claims_limits, error);
  return self->object != NULL;
}

WherryToken *
wherry_token_parse (const char *text, GError **error)
{
  g_autoptr (WherryToken) self = NULL;
  gsize length = strlen (text);

  if (length > WHERRY_TOKEN_MAX)
    {
      fail (error, WHERRY_ERROR_TOO_LARGE, "it is too long");
      return NULL;
    }
  self = g_new0 (WherryToken, 1);
  self->text = g_strndup (text, length);
  if (!read_parts (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
wherry_token_free (WherryToken *self)
{
  g_free (self->key_id);
  g_free (self->text);
  g_free (self->signature);
  g_free (self->claims);
  g_clear_pointer (&self->object, wherry_json_object_unref);
  g_free (self);
}

WherryTokenAlgorithm
wherry_token_get_algorithm (WherryToken *self)
{
  return self->algorithm;
}

const char *
wherry_token_get_key_id (WherryToken *self)
{
  return self->key_id;
}

const char *
wherry_token_get_text (WherryToken *self)
{
  return self->text;
}

gsize
wherry_token_get_signed_length (WherryToken *self)
{
  return self->signed_length;
}

const guint8 *
wherry_token_get_signature (WherryToken *self, gsize *length)
{
  *length = self->signature_length;
  return self->signature;
}

/* ---- what it claims ---- */

/* NumericDate (RFC 7519 section 2). FALSE: there is one of the wrong form. has: (out) */
static gboolean
read_time (WherryToken *self, const char *name, gboolean *has, gint64 *time_us, GError **error)
{
  double seconds;

  *has = wherry_json_object_has (self->object, name);
  if (!*has)
    return TRUE;
  if (!wherry_json_object_get_double (self->object, name, &seconds, error))
    return FALSE;
  if (!(seconds >= 0 && seconds <= SECONDS_MAX))
    return fail (error, WHERRY_ERROR_PROTOCOL, "a time is before 1970 or out of reach");
  *time_us = (gint64) (seconds * G_USEC_PER_SEC);
  return TRUE;
}

static gboolean
check_times (WherryToken *self, const WherryTokenRules *rules, gint64 *expires_us, GError **error)
{
  gint64 not_before_us = 0, issued_us = 0;
  gboolean has_end, has_begin, has_issue;

  if (!read_time (self, "exp", &has_end, expires_us, error)
      || !read_time (self, "nbf", &has_begin, &not_before_us, error)
      || !read_time (self, "iat", &has_issue, &issued_us, error))
    return FALSE;
  if (!has_end)
    return fail (error, WHERRY_ERROR_PROTOCOL, "it has no exp: a token has to end");
  *expires_us += rules->skew_us;
  if (*expires_us <= rules->now_us)
    return fail (error, WHERRY_ERROR_UNVERIFIED, "it is over");
  if ((has_begin && not_before_us - rules->skew_us > rules->now_us)
      || (has_issue && issued_us - rules->skew_us > rules->now_us))
    return fail (error, WHERRY_ERROR_UNVERIFIED, "it is not yet valid");
  return TRUE;
}

/* RFC 7519 section 4.1.3: one string, or some. */
static gboolean
check_audience (WherryToken *self, const WherryTokenRules *rules, GError **error)
{
  g_autoptr (WherryJsonArray) array = NULL;
  const char *one = NULL;
  guint n;

  if (!wherry_json_object_has (self->object, "aud"))
    return rules->audience == NULL || fail (error, WHERRY_ERROR_UNVERIFIED, "it has no audience");
  if (wherry_json_object_get_string (self->object, "aud", TEXT_MAX, &one, NULL))
    return g_strcmp0 (one, rules->audience) == 0
           || fail (error, WHERRY_ERROR_UNVERIFIED, "it is for another audience");
  if (!wherry_json_object_get_array (self->object, "aud", &array, error))
    return FALSE;
  n = wherry_json_array_get_length (array);
  for (guint i = 0; i < MIN (n, AUDIENCES_MAX); i++)
    if (wherry_json_array_get_string (array, i, TEXT_MAX, &one, NULL)
        && g_strcmp0 (one, rules->audience) == 0)
      return TRUE;
  return fail (error, WHERRY_ERROR_UNVERIFIED, "it is for other audiences");
}

/* patterns: (out) (transfer container): NULL-terminated, the strings are the object's */
static gboolean
read_patterns (WherryToken *self, const char *name, GPtrArray *patterns, GError **error)
{
  g_autoptr (WherryJsonArray) array = NULL;
  const char *pattern;
  guint n;

  if (!wherry_json_object_get_array_or_null (self->object, name, &array, error))
    return FALSE;
  n = array != NULL ? wherry_json_array_get_length (array) : 0;
  if (n > WHERRY_GRANT_PATTERNS_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "%s has more than %u patterns", name,
                   WHERRY_GRANT_PATTERNS_MAX);
      return FALSE;
    }
  for (guint i = 0; i < n; i++)
    {
      if (!wherry_json_array_get_string (array, i, WHERRY_GRANT_PATTERN_MAX, &pattern, error))
        return FALSE;
      g_ptr_array_add (patterns, (gpointer) pattern);
    }
  g_ptr_array_add (patterns, NULL);
  return TRUE;
}

/* (transfer full) (nullable): the bytes that came */
static gboolean
read_attributes (WherryToken *self, char **attributes, GError **error)
{
  g_autoptr (WherryJsonObject) object = NULL;
  gsize start, span;

  *attributes = NULL;
  if (!wherry_json_object_get_object_or_null (self->object, "attributes", &object, error))
    return FALSE;
  if (object == NULL
      || !wherry_json_member_span (self->claims, self->claims_length, "attributes", &start, &span))
    return TRUE;
  *attributes = g_strndup (self->claims + start, span);
  return TRUE;
}

WherryGrant *
wherry_token_to_grant (WherryToken *self, const WherryTokenRules *rules, GError **error)
{
  g_autoptr (GPtrArray) rooms = g_ptr_array_new ();
  g_autoptr (GPtrArray) publish = g_ptr_array_new ();
  g_autoptr (GPtrArray) subscribe = g_ptr_array_new ();
  g_autofree char *attributes = NULL;
  WherryGrantInit init = { 0 };

  if (!check_times (self, rules, &init.expires_us, error) || !check_audience (self, rules, error)
      || !read_patterns (self, "rooms", rooms, error)
      || !read_patterns (self, "publish", publish, error)
      || !read_patterns (self, "subscribe", subscribe, error)
      || !read_attributes (self, &attributes, error)
      || !wherry_json_object_get_string_or (self->object, "sub", WHERRY_GRANT_SUBJECT_MAX, NULL,
                                            &init.subject, error)
      || !wherry_json_object_get_string_or (self->object, "name", WHERRY_MEMBER_NAME_MAX, NULL,
                                            &init.name, error)
      || !wherry_json_object_get_bool_or (self->object, "admin", FALSE, &init.admin, error))
    return NULL;
  init.rooms = (const char *const *) rooms->pdata;
  init.publish = (const char *const *) publish->pdata;
  init.subscribe = (const char *const *) subscribe->pdata;
  init.attributes = attributes;
  return wherry_grant_new (&init, error);
}
