/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "lib/wherry-client-core-private.h"
#include "relay/wherry-relay-hub.h"

/* What joins a client to its session: what it says to come back, and what it hears of that. */

/* In the room echo each channel is alone, and nothing is to be resumed. */
gboolean
wherry_client_core_is_addressed (const WherryClientCore *self)
{
  return self->resume && strcmp (self->room, WHERRY_ECHO_ROOM) != 0;
}

char *
wherry_client_core_write_join (const WherryClientCore *self)
{
  g_autoptr (GPtrArray) places = wherry_client_session_list_places (self->session);
  g_autoptr (GPtrArray) opens = wherry_client_session_list_opens (self->session);
  /* who never comes back is not to be waited for, and knows all the same who says what */
  gboolean addressed = wherry_client_core_is_addressed (self);
  gboolean resumes = addressed && self->reconnect;
  const WherrySignalJoin join = {
    .room = self->room,
    .name = self->name,
    .token = self->token,
    .no_mirror = !self->mirror,
    .attributes = self->attributes,
    .will = self->will,
    .resumable = resumes,
    .resume = resumes ? wherry_client_session_get_token (self->session) : NULL,
    .places = places,
    .addressed = addressed && !resumes,
    .opens = (const char *const *) opens->pdata,
  };

  return wherry_signal_write_join (&join);
}

static void
on_resumed (gpointer user_data)
{
  WherryClientCore *self = user_data;
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  if (shell != NULL)
    g_signal_emit_by_name (shell, "resumed");
}

static void
on_gap (gpointer user_data, const char *const *topics)
{
  WherryClientCore *self = user_data;
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  if (shell != NULL)
    g_signal_emit_by_name (shell, "gap", topics);
}

static void
on_channel (gpointer user_data, WherryClientChannel *channel)
{
  WherryClientCore *self = user_data;
  g_autoptr (WherryClient) shell = g_weak_ref_get (&self->shell);

  if (shell != NULL)
    g_signal_emit_by_name (shell, "channel", channel);
}

static const WherryClientSessionEvents session_events = {
  .resumed = on_resumed,
  .gap = on_gap,
  .channel = on_channel,
};

void
wherry_client_core_begin_session (WherryClientCore *self)
{
  self->session = wherry_client_session_new (&session_events, self);
}

gboolean
wherry_client_core_take_resume_signal (WherryClientCore *self, const WherrySignal *signal)
{
  if (signal->type == WHERRY_SIGNAL_ACK)
    wherry_client_session_take_ack (self->session, signal);
  else if (signal->type == WHERRY_SIGNAL_ERROR
           && signal->code == WHERRY_SIGNAL_ERROR_RESUME_REFUSED)
    wherry_client_session_refuse (self->session);
  else
    return FALSE;
  return TRUE;
}

WherryClientChannel *
wherry_client_open_channel (WherryClient *self, const char *topic, WherryDataChannelInit *init,
                            GError **error)
{
  const char *wrong = NULL;

  g_return_val_if_fail (WHERRY_IS_CLIENT (self), NULL);
  g_return_val_if_fail (topic != NULL, NULL);
  if (strlen (topic) > WHERRY_LABEL_MAX || !g_utf8_validate (topic, -1, NULL)
      || g_str_has_prefix (topic, "wherry:"))
    wrong = "a topic has at most 1024 bytes of UTF-8 and does not begin with “wherry:”";
  else if (init != NULL && init->negotiated)
    wrong = "a channel that is opened again cannot be negotiated";
  else if (init != NULL && init->max_packet_life_time >= 0 && init->max_retransmits >= 0)
    wrong = "a channel has a lifetime or a number of retransmissions, not both";
  if (wrong == NULL)
    return wherry_client_session_open (self->core->session, topic, init);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, wrong);
  return NULL;
}
