/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-meeting.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"

typedef struct
{
  char *member;
  WherryFileSeal *seal;
  GByteArray *bundle; /* what is to be sealed next */
} Session;

struct _WherryFileMeeting
{
  WherryFileSecret secret;
  gboolean is_sender;
  guint32 flags;
  WherryFileMeetingHooks hooks;
  gpointer user_data;

  Session *live;    /* (nullable): something was opened in it */
  Session *pending; /* (nullable): nothing was yet: it may be a repetition of old messages */
  gboolean failed;
  guint guesses, broken;
  /* of a receiver: the nonces of its hellos that nobody has answered; one makes one session, for
   * two with the same nonces would have the same keys */
  GHashTable *hellos;   /* a member's id, "" for everyone -> nonce */
  GHashTable *replaced; /* of a sender: ids of those that it has left for another */
  /* of a sender: hellos that were answered, the newest of them */
  guint8 answered[WHERRY_FILE_HELLOS_MAX][WHERRY_FILE_NONCE_SIZE];
  guint n_answered;
};

static void
session_free (Session *session)
{
  wherry_file_seal_free (session->seal);
  g_byte_array_unref (session->bundle);
  g_free (session->member);
  g_free (session);
}

WherryFileMeeting *
wherry_file_meeting_new (const WherryFileSecret *secret, gboolean is_sender, guint32 flags,
                         const WherryFileMeetingHooks *hooks, gpointer user_data)
{
  WherryFileMeeting *self = g_new0 (WherryFileMeeting, 1);

  self->secret = *secret;
  self->is_sender = is_sender;
  self->flags = flags;
  self->hooks = *hooks;
  self->user_data = user_data;
  self->hellos = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->replaced = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
wherry_file_meeting_free (WherryFileMeeting *self)
{
  g_clear_pointer (&self->live, session_free);
  g_clear_pointer (&self->pending, session_free);
  g_hash_table_unref (self->hellos);
  g_hash_table_unref (self->replaced);
  memset (&self->secret, 0, sizeof self->secret);
  g_free (self);
}

static void
fail (WherryFileMeeting *self, const char *what)
{
  g_autoptr (GError) error
      = g_error_new_literal (WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNVERIFIED, what);

  self->failed = TRUE;
  self->hooks.failed (error, self->user_data);
}

static void
greet (WherryFileMeeting *self, const char *to, const WherryFileGreeting *greeting)
{
  g_autoptr (GBytes) message = wherry_file_greeting_write (greeting);

  self->hooks.send (to, message, FALSE, self->user_data);
}

/* ---- calling for the other side ---- */

static void
say_here (WherryFileMeeting *self, const char *to)
{
  const WherryFileGreeting here = { .type = WHERRY_FILE_GREETING_HERE };

  greet (self, to, &here);
}

static void
say_hello (WherryFileMeeting *self, const char *to)
{
  WherryFileGreeting hello = { .type = WHERRY_FILE_GREETING_HELLO };
  g_autoptr (GError) error = NULL;

  if (to != NULL && g_hash_table_size (self->hellos) >= WHERRY_FILE_HELLOS_MAX)
    g_hash_table_remove_all (self->hellos);
  if (!wherry_file_nonce_make (hello.receiver_nonce, &error))
    {
      self->failed = TRUE;
      self->hooks.failed (error, self->user_data);
      return;
    }
  g_hash_table_replace (self->hellos, g_strdup (to != NULL ? to : ""),
                        g_memdup2 (hello.receiver_nonce, WHERRY_FILE_NONCE_SIZE));
  wherry_file_secret_prove_hello (&self->secret, hello.receiver_nonce, hello.proof);
  greet (self, to, &hello);
}

static void
call (WherryFileMeeting *self, const char *to)
{
  if (self->is_sender)
    say_here (self, to);
  else
    say_hello (self, to);
}

void
wherry_file_meeting_open (WherryFileMeeting *self)
{
  if (!self->failed)
    call (self, NULL);
}

/* ---- sessions ---- */

void
wherry_file_meeting_lose (WherryFileMeeting *self)
{
  if (self->live == NULL)
    return;
  g_clear_pointer (&self->live, session_free);
  self->hooks.lost (self->user_data);
}

void
wherry_file_meeting_leave (WherryFileMeeting *self, const char *member)
{
  g_hash_table_remove (self->hellos, member);
  if (self->pending != NULL && strcmp (self->pending->member, member) == 0)
    g_clear_pointer (&self->pending, session_free);
  if (self->live != NULL && strcmp (self->live->member, member) == 0)
    {
      self->broken = 0;
      wherry_file_meeting_lose (self);
    }
}

static gboolean
make_pending (WherryFileMeeting *self, const char *member, const guint8 *receiver_nonce,
              const guint8 *sender_nonce)
{
  g_autoptr (GError) error = NULL;
  WherryFileSeal *seal
      = wherry_file_seal_new (&self->secret, receiver_nonce, sender_nonce, self->is_sender, &error);

  if (seal == NULL)
    {
      self->failed = TRUE;
      self->hooks.failed (error, self->user_data);
      return FALSE;
    }
  g_clear_pointer (&self->pending, session_free);
  self->pending = g_new0 (Session, 1);
  self->pending->member = g_strdup (member);
  self->pending->seal = seal;
  self->pending->bundle = g_byte_array_new ();
  return TRUE;
}

static void
count_broken (WherryFileMeeting *self, const char *member)
{
  g_autofree char *other = g_strdup (member);

  if (++self->broken >= WHERRY_FILE_BROKEN_MAX)
    fail (self, _ ("what comes was changed on its way, three times in a row"));
  else
    call (self, other);
}

/* The records of a message; a hook may end the session. */
static void
take_bundle (WherryFileMeeting *self, GBytes *bundle)
{
  const Session *session = self->live;
  const gsize length = g_bytes_get_size (bundle);
  gsize at = 0;

  while (self->live == session && at < length)
    {
      g_autoptr (GBytes) record = wherry_file_bundle_next (bundle, &at);
      g_autofree char *member = NULL;

      if (record != NULL)
        {
          self->hooks.record (record, self->user_data);
          continue;
        }
      member = g_strdup (session->member);
      wherry_file_meeting_lose (self);
      count_broken (self, member);
      return;
    }
}

static void
take_live (WherryFileMeeting *self, GBytes *message)
{
  g_autoptr (GBytes) bundle = wherry_file_seal_open (self->live->seal, message);
  g_autofree char *member = NULL;

  if (bundle != NULL)
    {
      take_bundle (self, bundle);
      return;
    }
  member = g_strdup (self->live->member);
  wherry_file_meeting_lose (self);
  count_broken (self, member);
}

/* The one with whom it speaks is left for another, which knows the code too: most often that is the
 * same one after it was killed. If not, it would wait for ever, or take its place back. */
static void
replace (WherryFileMeeting *self)
{
  const char *text = wherry_file_replaced_text ();
  const WherryFileRecord record = {
    .type = WHERRY_FILE_RECORD_ABORT,
    .flag = WHERRY_FILE_ERROR_REPLACED,
    .bytes = (const guint8 *) text,
    .length = MIN (strlen (text), WHERRY_FILE_TEXT_MAX),
  };
  g_autoptr (GBytes) bytes = wherry_file_record_write (&record);

  if (g_hash_table_size (self->replaced) >= WHERRY_FILE_HELLOS_MAX)
    g_hash_table_remove_all (self->replaced);
  g_hash_table_add (self->replaced, g_strdup (self->live->member));
  wherry_file_meeting_send (self, bytes);
  wherry_file_meeting_flush (self);
}

static void
take_pending (WherryFileMeeting *self, GBytes *message)
{
  g_autoptr (GBytes) bundle = wherry_file_seal_open (self->pending->seal, message);
  g_autofree char *member = NULL;

  if (bundle == NULL)
    {
      member = g_strdup (self->pending->member);
      g_clear_pointer (&self->pending, session_free);
      count_broken (self, member);
      return;
    }
  if (self->is_sender && self->live != NULL
      && strcmp (self->live->member, self->pending->member) != 0)
    replace (self);
  wherry_file_meeting_lose (self);
  self->live = g_steal_pointer (&self->pending);
  self->hooks.met (self->live->member, self->user_data);
  take_bundle (self, bundle);
}

static void
take_sealed (WherryFileMeeting *self, GBytes *message)
{
  if (self->live != NULL && wherry_file_seal_is_for (self->live->seal, message))
    take_live (self, message);
  else if (self->pending != NULL && wherry_file_seal_is_for (self->pending->seal, message))
    take_pending (self, message);
}

static void
flush (WherryFileMeeting *self, Session *session)
{
  g_autoptr (GBytes) bundle = NULL;
  g_autoptr (GBytes) message = NULL;

  if (session->bundle->len == 0)
    return;
  bundle = g_byte_array_free_to_bytes (session->bundle);
  session->bundle = g_byte_array_new ();
  message = wherry_file_seal_close (session->seal, bundle);
  if (message != NULL)
    self->hooks.send (session->member, message, session == self->live, self->user_data);
}

void
wherry_file_meeting_flush (WherryFileMeeting *self)
{
  if (self->live != NULL)
    flush (self, self->live);
}

void
wherry_file_meeting_send (WherryFileMeeting *self, GBytes *record)
{
  if (self->live == NULL)
    return;
  if (!wherry_file_bundle_has_room (self->live->bundle, record))
    flush (self, self->live);
  wherry_file_bundle_append (self->live->bundle, record);
}

const char *
wherry_file_meeting_get_member (WherryFileMeeting *self)
{
  return self->live != NULL ? self->live->member : NULL;
}

/* ---- a sender's side ---- */

/* Whether it is the first time that this hello comes. */
static gboolean
is_new (WherryFileMeeting *self, const guint8 *nonce)
{
  const guint known = MIN (self->n_answered, WHERRY_FILE_HELLOS_MAX);

  for (guint i = 0; i < known; i++)
    if (memcmp (self->answered[i], nonce, WHERRY_FILE_NONCE_SIZE) == 0)
      return FALSE;
  memcpy (self->answered[self->n_answered++ % WHERRY_FILE_HELLOS_MAX], nonce,
          WHERRY_FILE_NONCE_SIZE);
  return TRUE;
}

static void
refuse (WherryFileMeeting *self, const char *to, const WherryFileGreeting *hello,
        WherryFileRefusal why)
{
  WherryFileGreeting refused = { .type = WHERRY_FILE_GREETING_REFUSED, .refusal = why };

  memcpy (refused.receiver_nonce, hello->receiver_nonce, WHERRY_FILE_NONCE_SIZE);
  greet (self, to, &refused);
}

static void
take_hello (WherryFileMeeting *self, const char *from, const WherryFileGreeting *hello)
{
  guint8 proof[WHERRY_FILE_PROOF_SIZE];
  WherryFileGreeting welcome = { .type = WHERRY_FILE_GREETING_WELCOME };

  if (hello->version != WHERRY_FILE_VERSION)
    {
      refuse (self, from, hello, WHERRY_FILE_REFUSAL_VERSION);
      return;
    }
  if (!is_new (self, hello->receiver_nonce))
    return;
  if (g_hash_table_contains (self->replaced, from))
    {
      refuse (self, from, hello, WHERRY_FILE_REFUSAL_REPLACED);
      return;
    }
  wherry_file_secret_prove_hello (&self->secret, hello->receiver_nonce, proof);
  if (!wherry_file_proof_equal (proof, hello->proof))
    {
      const gboolean enough = ++self->guesses >= WHERRY_FILE_GUESSES_MAX;

      refuse (self, from, hello, enough ? WHERRY_FILE_REFUSAL_GUESSES : WHERRY_FILE_REFUSAL_CODE);
      if (enough)
        fail (self, _ ("ten wrong codes were tried: somebody guesses, make a new one"));
      return;
    }
  memcpy (welcome.receiver_nonce, hello->receiver_nonce, WHERRY_FILE_NONCE_SIZE);
  if (!wherry_file_nonce_make (welcome.sender_nonce, NULL)
      || !make_pending (self, from, welcome.receiver_nonce, welcome.sender_nonce))
    return;
  wherry_file_secret_prove_welcome (&self->secret, welcome.receiver_nonce, welcome.sender_nonce,
                                    welcome.proof);
  greet (self, from, &welcome);
}

/* ---- a receiver's side ---- */

/* (nullable): whom the hello with this nonce was for: the member or "". */
static const char *
find_hello (WherryFileMeeting *self, const char *from, const guint8 *nonce)
{
  const char *const keys[] = { from, "" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      const guint8 *own = g_hash_table_lookup (self->hellos, keys[i]);

      if (own != NULL && memcmp (own, nonce, WHERRY_FILE_NONCE_SIZE) == 0)
        return keys[i];
    }
  return NULL;
}

static void
take_welcome (WherryFileMeeting *self, const char *from, const WherryFileGreeting *welcome)
{
  const char *key = find_hello (self, from, welcome->receiver_nonce);
  guint8 proof[WHERRY_FILE_PROOF_SIZE];
  const WherryFileRecord ready = { .type = WHERRY_FILE_RECORD_READY, .number = self->flags };
  g_autoptr (GBytes) record = NULL;

  if (key == NULL || welcome->version != WHERRY_FILE_VERSION)
    return;
  wherry_file_secret_prove_welcome (&self->secret, welcome->receiver_nonce, welcome->sender_nonce,
                                    proof);
  if (!wherry_file_proof_equal (proof, welcome->proof))
    return;
  g_hash_table_remove (self->hellos, key);
  if (!make_pending (self, from, welcome->receiver_nonce, welcome->sender_nonce))
    return;
  record = wherry_file_record_write (&ready);
  wherry_file_bundle_append (self->pending->bundle, record);
  flush (self, self->pending);
}

static void
take_refused (WherryFileMeeting *self, const char *from, const WherryFileGreeting *refused)
{
  if (self->live != NULL || self->pending != NULL)
    return;
  if (refused->version != WHERRY_FILE_VERSION)
    self->hooks.refused (WHERRY_FILE_REFUSAL_VERSION, self->user_data);
  else if (find_hello (self, from, refused->receiver_nonce) != NULL)
    self->hooks.refused (refused->refusal, self->user_data);
}

void
wherry_file_meeting_take (WherryFileMeeting *self, const char *from, GBytes *message)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (message, &length);
  WherryFileGreeting greeting;

  if (self->failed)
    return;
  if (length > 0 && data[0] == WHERRY_FILE_GREETING_SEALED)
    take_sealed (self, message);
  else if (!wherry_file_greeting_parse (&greeting, data, length, NULL))
    g_info ("%s says something that is no greeting", from);
  else if (self->is_sender && greeting.type == WHERRY_FILE_GREETING_HELLO)
    take_hello (self, from, &greeting);
  else if (!self->is_sender && greeting.type == WHERRY_FILE_GREETING_HERE)
    say_hello (self, from);
  else if (!self->is_sender && greeting.type == WHERRY_FILE_GREETING_WELCOME)
    take_welcome (self, from, &greeting);
  else if (!self->is_sender && greeting.type == WHERRY_FILE_GREETING_REFUSED)
    take_refused (self, from, &greeting);
}
