/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>
#include <unistd.h>

#include "cli/doctor/wherry-stun-probe.h"
#include "lib/wherry.h"

/* RFC 8656 section 7.1: UDP, and three bytes that are zero. */
#define TRANSPORT_UDP (17u << 24)
/* RFC 8445 section 5.1.2.1: peer reflexive, which it would be, and the highest preference. */
#define CHECK_PRIORITY (110u << 24 | 65535u << 8 | 255u)
/* RFC 8489 section 9.2.5: a nonce may be stale once, and a server that always says so is wrong. */
#define STALE_MAX 2u
/* RFC 8489 section 9.2.1: a nonce that begins so says in its next four characters what the server
 * can do; the first bit is PASSWORD-ALGORITHMS. */
#define NONCE_COOKIE "obMatJos2"
#define NONCE_COOKIE_LENGTH 13u
#define FEATURE_ALGORITHMS 0x800000u
#define ALGORITHM_SHA256 0x0002u

struct _WherryStunProbe
{
  WherryStunFinding *finding;
  WherryStunSocket *socket;
  char *username;
  char *password;
  /* of TURN, once it has asked who we are */
  gboolean is_challenged;
  GBytes *nonce;
  GBytes *algorithms; /* of passwords, as the server offers them; NULL: it does not */
  gboolean uses_sha256;
  GBytes *key;
  guint stale;
  gboolean is_leaving; /* the allocation is being given back */
};

const char *
wherry_stun_transport_name (WherryStunTransport transport)
{
  static const char *const names[] = { "UDP", "TCP", "TLS", "TCP" };

  return names[transport];
}

void
wherry_stun_finding_free (WherryStunFinding *self)
{
  g_free (self->url);
  g_free (self->remote);
  g_free (self->local);
  g_free (self->transaction);
  g_free (self->text);
  g_free (self->mapped);
  g_free (self->relayed);
  g_free (self->realm);
  g_free (self->software);
  g_free (self);
}

static void
fill_random (gpointer bytes, gsize n)
{
  if (getentropy (bytes, n) != 0)
    g_error ("the system has no random numbers"); /* cannot happen since Linux 3.17 */
}

/* ---- asking ---- */

static void
seal (WherryStunProbe *self, GByteArray *request)
{
  gsize n;
  const char *nonce;

  if (!self->is_challenged)
    return;
  nonce = g_bytes_get_data (self->nonce, &n);
  wherry_stun_write_string (request, WHERRY_STUN_USERNAME, self->username);
  wherry_stun_write_string (request, WHERRY_STUN_REALM, self->finding->realm);
  wherry_stun_write_bytes (request, WHERRY_STUN_NONCE, nonce, n);
  if (self->algorithms != NULL)
    {
      const guint8 chosen[4] = { 0, self->uses_sha256 ? 2 : 1, 0, 0 };
      const guint8 *offered = g_bytes_get_data (self->algorithms, &n);

      wherry_stun_write_bytes (request, WHERRY_STUN_PASSWORD_ALGORITHMS, offered, n);
      wherry_stun_write_bytes (request, WHERRY_STUN_PASSWORD_ALGORITHM, chosen, sizeof chosen);
    }
  wherry_stun_write_integrity (request,
                               self->algorithms != NULL ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1,
                               self->key);
}

static void
write_check (WherryStunProbe *self, GByteArray *request)
{
  guint64 tie_breaker;

  fill_random (&tie_breaker, sizeof tie_breaker);
  wherry_stun_write_string (request, WHERRY_STUN_USERNAME, self->username);
  wherry_stun_write_u32 (request, WHERRY_STUN_PRIORITY, CHECK_PRIORITY);
  wherry_stun_write_u64 (request, WHERRY_STUN_ICE_CONTROLLING, tie_breaker);
  wherry_stun_write_integrity (request, G_CHECKSUM_SHA1, self->key);
}

static void
ask (WherryStunProbe *self)
{
  static const WherryStunMethod methods[] = {
    [WHERRY_STUN_QUESTION_BINDING] = WHERRY_STUN_METHOD_BINDING,
    [WHERRY_STUN_QUESTION_ALLOCATE] = WHERRY_STUN_METHOD_ALLOCATE,
    [WHERRY_STUN_QUESTION_CHECK] = WHERRY_STUN_METHOD_BINDING,
  };
  WherryStunMethod method
      = self->is_leaving ? WHERRY_STUN_METHOD_REFRESH : methods[self->finding->question];
  guint8 id[WHERRY_STUN_ID_SIZE];
  GByteArray *request;

  fill_random (id, sizeof id);
  request = wherry_stun_write (method, WHERRY_STUN_CLASS_REQUEST, id);
  wherry_stun_write_string (request, WHERRY_STUN_SOFTWARE, "wherry doctor");
  if (self->is_leaving)
    wherry_stun_write_u32 (request, WHERRY_STUN_LIFETIME, 0);
  else if (self->finding->question == WHERRY_STUN_QUESTION_ALLOCATE)
    wherry_stun_write_u32 (request, WHERRY_STUN_REQUESTED_TRANSPORT, TRANSPORT_UDP);
  if (self->finding->question == WHERRY_STUN_QUESTION_CHECK)
    write_check (self, request);
  else
    seal (self, request);
  wherry_stun_write_fingerprint (request);
  if (!self->is_leaving)
    {
      g_autoptr (GString) hex = g_string_new (NULL);

      for (gsize i = 0; i < sizeof id; i++)
        g_string_append_printf (hex, "%02x", id[i]);
      g_free (self->finding->transaction);
      self->finding->transaction = g_string_free (g_steal_pointer (&hex), FALSE);
    }
  wherry_stun_socket_ask (self->socket, request);
}

/* ---- the answer ---- */

static void
finish (WherryStunProbe *self, WherryStunOutcome outcome)
{
  self->finding->outcome = outcome;
  g_clear_pointer (&self->socket, wherry_stun_socket_free);
}

static char *
address_text (const WherryStunMessage *message, guint16 attribute)
{
  g_autoptr (GSocketAddress) address = wherry_stun_message_get_address (message, attribute);

  return address != NULL ? wherry_stun_address_text (address) : NULL;
}

static gboolean
offers_sha256 (GBytes *algorithms)
{
  gsize n;
  const guint8 *bytes = g_bytes_get_data (algorithms, &n);

  /* RFC 8489 section 14.11: algorithm, length of its parameters, parameters, padding */
  for (gsize at = 0; n - at >= 4;)
    {
      gsize parameters = ((gsize) (bytes[at + 2] << 8 | bytes[at + 3]) + 3) & ~(gsize) 3;

      if ((bytes[at] << 8 | bytes[at + 1]) == ALGORITHM_SHA256)
        return TRUE;
      if (n - at - 4 < parameters)
        break;
      at += 4 + parameters;
    }
  return FALSE;
}

static gboolean
has_algorithms (GBytes *nonce)
{
  gsize n;
  const char *text = g_bytes_get_data (nonce, &n);
  g_autofree guchar *features = NULL;
  g_autofree char *encoded = NULL;

  if (n < NONCE_COOKIE_LENGTH || strncmp (text, NONCE_COOKIE, strlen (NONCE_COOKIE)) != 0)
    return FALSE;
  encoded = g_strndup (text + strlen (NONCE_COOKIE), 4);
  features = g_base64_decode (encoded, &n);
  return n == 3 && ((guint) features[0] << 16 & FEATURE_ALGORITHMS) != 0;
}

static GBytes *
get_bytes (const WherryStunMessage *message, guint16 attribute)
{
  gsize n;
  const guint8 *value = wherry_stun_message_find (message, attribute, &n);

  return value != NULL ? g_bytes_new (value, n) : NULL;
}

/* RFC 8489 section 9.2.5: what the next request must show. */
static gboolean
take_challenge (WherryStunProbe *self, const WherryStunMessage *message)
{
  g_autoptr (GBytes) nonce = get_bytes (message, WHERRY_STUN_NONCE);
  g_autofree char *realm = wherry_stun_message_get_text (message, WHERRY_STUN_REALM);
  GChecksumType type = G_CHECKSUM_MD5;

  if (nonce == NULL || (realm == NULL && self->finding->realm == NULL))
    return FALSE;
  if (realm != NULL)
    {
      g_free (self->finding->realm);
      self->finding->realm = g_steal_pointer (&realm);
    }
  g_clear_pointer (&self->nonce, g_bytes_unref);
  self->nonce = g_steal_pointer (&nonce);
  g_clear_pointer (&self->algorithms, g_bytes_unref);
  if (has_algorithms (self->nonce))
    self->algorithms = get_bytes (message, WHERRY_STUN_PASSWORD_ALGORITHMS);
  self->uses_sha256 = self->algorithms != NULL && offers_sha256 (self->algorithms);
  if (self->uses_sha256)
    type = G_CHECKSUM_SHA256;
  g_clear_pointer (&self->key, g_bytes_unref);
  if (self->username != NULL && self->password != NULL)
    self->key
        = wherry_stun_long_term_key (type, self->username, self->finding->realm, self->password);
  return TRUE;
}

static void
take_error (WherryStunProbe *self, const WherryStunMessage *message)
{
  WherryStunFinding *finding = self->finding;
  gboolean was_challenged = self->is_challenged;

  finding->code = wherry_stun_message_get_error (message, &finding->text);
  if (finding->question == WHERRY_STUN_QUESTION_CHECK)
    {
      /* it heard us and we hear it: that is what was asked */
      finish (self, WHERRY_STUN_OUTCOME_ANSWERED);
      return;
    }
  if (finding->code == 401 && !was_challenged && take_challenge (self, message))
    {
      self->is_challenged = self->key != NULL;
      if (self->is_challenged)
        ask (self);
      else
        finish (self, WHERRY_STUN_OUTCOME_NO_PASSWORD);
    }
  else if (finding->code == 438 && was_challenged && self->stale++ < STALE_MAX
           && take_challenge (self, message))
    ask (self);
  else if (was_challenged && (finding->code == 401 || finding->code == 441))
    finish (self, WHERRY_STUN_OUTCOME_WRONG_PASSWORD);
  else
    finish (self, WHERRY_STUN_OUTCOME_REFUSED);
}

/* Of a challenge that led to something the finding says no more. */
static void
forget_error (WherryStunFinding *finding)
{
  finding->code = 0;
  g_clear_pointer (&finding->text, g_free);
}

static void
take_success (WherryStunProbe *self, const WherryStunMessage *message)
{
  WherryStunFinding *finding = self->finding;
  gboolean is_sealed = finding->question == WHERRY_STUN_QUESTION_CHECK || self->is_challenged;
  GChecksumType type = self->algorithms != NULL ? G_CHECKSUM_SHA256 : G_CHECKSUM_SHA1;
  guint32 lifetime;

  if (is_sealed && !wherry_stun_message_check_integrity (message, type, self->key))
    {
      finish (self, WHERRY_STUN_OUTCOME_FORGED);
      return;
    }
  finding->mapped = address_text (message, WHERRY_STUN_XOR_MAPPED_ADDRESS);
  if (finding->mapped == NULL)
    finding->mapped = address_text (message, WHERRY_STUN_MAPPED_ADDRESS);
  if (finding->question != WHERRY_STUN_QUESTION_ALLOCATE)
    {
      finish (self, finding->mapped != NULL ? WHERRY_STUN_OUTCOME_ANSWERED
                                            : WHERRY_STUN_OUTCOME_NOT_STUN);
      return;
    }
  finding->relayed = address_text (message, WHERRY_STUN_XOR_RELAYED_ADDRESS);
  if (wherry_stun_message_get_u32 (message, WHERRY_STUN_LIFETIME, &lifetime))
    finding->lifetime = lifetime;
  self->is_leaving = TRUE;
  ask (self);
}

static void
on_answered (gpointer user_data, const WherryStunMessage *message, gint64 round_trip_us)
{
  WherryStunProbe *self = user_data;
  WherryStunFinding *finding = self->finding;

  if (self->is_leaving)
    {
      finish (self, WHERRY_STUN_OUTCOME_ANSWERED);
      return;
    }
  forget_error (finding);
  finding->round_trip_us = round_trip_us;
  finding->tries = wherry_stun_socket_get_tries (self->socket);
  if (finding->local == NULL)
    finding->local = g_strdup (wherry_stun_socket_get_local (self->socket));
  if (finding->software == NULL)
    finding->software = wherry_stun_message_get_text (message, WHERRY_STUN_SOFTWARE);
  if (message->class == WHERRY_STUN_CLASS_ERROR)
    take_error (self, message);
  else
    take_success (self, message);
}

static void
on_failed (gpointer user_data, const GError *error)
{
  WherryStunProbe *self = user_data;
  WherryStunFinding *finding = self->finding;

  if (self->is_leaving)
    {
      /* it was allocated; it ends by itself when its time is over */
      finish (self, WHERRY_STUN_OUTCOME_ANSWERED);
      return;
    }
  forget_error (finding);
  finding->text = g_strdup (error->message);
  if (error->domain == G_IO_ERROR)
    finding->system = error->code;
  finding->tries = wherry_stun_socket_get_tries (self->socket);
  if (finding->local == NULL)
    finding->local = g_strdup (wherry_stun_socket_get_local (self->socket));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    finish (self, WHERRY_STUN_OUTCOME_SILENT);
  else if (error->domain == WHERRY_ERROR)
    finish (self, WHERRY_STUN_OUTCOME_NOT_STUN);
  else
    finish (self, WHERRY_STUN_OUTCOME_UNREACHABLE);
}

WherryStunProbe *
wherry_stun_probe_new (const WherryStunTarget *target, GInetSocketAddress *address)
{
  static const WherryStunSocketEvents events = { on_answered, on_failed };
  WherryStunProbe *self = g_new0 (WherryStunProbe, 1);

  self->finding = g_new0 (WherryStunFinding, 1);
  self->finding->question = target->question;
  self->finding->transport = target->transport;
  self->finding->url = g_strdup (target->url);
  self->finding->remote = wherry_stun_address_text (G_SOCKET_ADDRESS (address));
  self->finding->system = -1;
  self->username = g_strdup (target->username);
  self->password = g_strdup (target->password);
  if (target->question == WHERRY_STUN_QUESTION_CHECK)
    self->key = g_bytes_new (target->password, strlen (target->password));
  self->socket = wherry_stun_socket_new (target->transport, address, target->local, target->host,
                                         &events, self);
  ask (self);
  return self;
}

const WherryStunFinding *
wherry_stun_probe_get_finding (WherryStunProbe *self)
{
  return self->finding;
}

WherryStunFinding *
wherry_stun_probe_steal_finding (WherryStunProbe *self)
{
  return g_steal_pointer (&self->finding);
}

void
wherry_stun_probe_free (WherryStunProbe *self)
{
  g_clear_pointer (&self->socket, wherry_stun_socket_free);
  g_clear_pointer (&self->finding, wherry_stun_finding_free);
  g_clear_pointer (&self->nonce, g_bytes_unref);
  g_clear_pointer (&self->algorithms, g_bytes_unref);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_free (self->username);
  g_free (self->password);
  g_free (self);
}
