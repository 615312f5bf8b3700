/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-signaling"

#include "config.h"

#include "signaling/wherry-admission.h"

#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-log.h"
#include "signaling/wherry-guess-limit.h"

struct _WherryAdmission
{
  /* hub thread only */
  WherryTokenKeys *keys; /* NULL: none */
  gint64 skew_us;
  char *audience;
  gboolean is_open;
  WherryClock *clock;
  WherryGuessLimit *guesses;
  WherryGuessLimit *others; /* of other secrets, many of which are wrong after a restart */
};

WherryAdmission *
wherry_admission_new (const WherryAdmissionConfig *config)
{
  WherryAdmission *self = g_new0 (WherryAdmission, 1);

  self->keys = config->keys;
  self->skew_us = config->skew_us;
  self->audience = g_strdup (config->audience);
  self->is_open = config->is_open;
  self->clock = wherry_clock_ref (config->clock != NULL ? config->clock : wherry_clock_system ());
  self->guesses = wherry_guess_limit_new ();
  self->others = wherry_guess_limit_new ();
  return self;
}

void
wherry_admission_free (WherryAdmission *self)
{
  wherry_guess_limit_free (self->guesses);
  wherry_guess_limit_free (self->others);
  wherry_clock_unref (self->clock);
  g_free (self->audience);
  g_free (self);
}

gboolean
wherry_admission_has_keys (WherryAdmission *self)
{
  return self->keys != NULL;
}

static gboolean
refuse (WherrySignalError *out, WherrySignalError code, const char **text, const char *why)
{
  *out = code;
  *text = why;
  return FALSE;
}

static gboolean
may_guess (WherryAdmission *self, WherryGuessLimit *limit, const WherryOrigin *origin)
{
  if (origin->is_local
      || wherry_guess_limit_may_try (limit, origin->address, wherry_clock_now_us (self->clock)))
    return TRUE;
  wherry_counter_inc (WHERRY_COUNTER_GUESSES_REFUSED);
  return FALSE;
}

static void
note_wrong (WherryAdmission *self, WherryGuessLimit *limit, const WherryOrigin *origin)
{
  if (!origin->is_local)
    wherry_guess_limit_note (limit, origin->address, wherry_clock_now_us (self->clock));
}

gboolean
wherry_admission_may_guess (WherryAdmission *self, const WherryOrigin *origin)
{
  return may_guess (self, self->others, origin);
}

void
wherry_admission_note_wrong (WherryAdmission *self, const WherryOrigin *origin)
{
  note_wrong (self, self->others, origin);
}

/* (transfer full) (nullable): what it says is right, and signed. guessed: (out): it was not signed
 * by who it says */
static WherryGrant *
verify (WherryAdmission *self, const char *text, gboolean *guessed, GError **error)
{
  const WherryTokenRules rules = {
    .now_us = g_get_real_time (),
    .skew_us = self->skew_us,
    .audience = self->audience,
  };
  g_autoptr (WherryToken) token = wherry_token_parse (text, error);

  *guessed = TRUE;
  if (token == NULL)
    return NULL;
  if (!wherry_token_keys_verify (self->keys, token))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_UNVERIFIED,
                           "no key of ours signed it");
      return NULL;
    }
  *guessed = FALSE;
  return wherry_token_to_grant (token, &rules, error);
}

static gboolean
check_token (WherryAdmission *self, const WherryOrigin *origin, const char *token,
             WherryGrant **grant, WherrySignalError *code, const char **text)
{
  g_autoptr (GError) error = NULL;
  gboolean guessed = FALSE;

  if (token != NULL && !may_guess (self, self->guesses, origin))
    return refuse (code, WHERRY_SIGNAL_ERROR_RATE_LIMITED, text,
                   "Too many wrong tokens came from your address: try again in a minute");
  wherry_token_keys_refresh (self->keys);
  if (token != NULL)
    *grant = verify (self, token, &guessed, &error);
  if (*grant != NULL)
    return TRUE;
  if (guessed)
    note_wrong (self, self->guesses, origin);
  wherry_counter_inc (WHERRY_COUNTER_TOKENS_REFUSED);
  wherry_info (NULL, "refused a token: %s", error != NULL ? error->message : "none was sent");
  return refuse (code, WHERRY_SIGNAL_ERROR_UNAUTHORIZED, text,
                 "You need a token that is valid here and now: ask who runs this server");
}

gboolean
wherry_admission_check (WherryAdmission *self, const WherryOrigin *origin, const char *token,
                        WherryGrant **grant, WherrySignalError *code, const char **text)
{
  *grant = NULL;
  if (self->keys != NULL)
    return check_token (self, origin, token, grant, code, text);
  if (token != NULL) /* never ignored */
    return refuse (code, WHERRY_SIGNAL_ERROR_UNAUTHORIZED, text,
                   "This server has no key to check a token with");
  if (!self->is_open && !origin->is_local)
    return refuse (code, WHERRY_SIGNAL_ERROR_UNAUTHORIZED, text,
                   "This server is open to its own machine only");
  return TRUE;
}
