/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include "cli/wherry-cli-limits.h"
#include "cli/stream/wherry-meet-private.h"
#include "cli/wherry-terminal.h"

void
wherry_partner_free (gpointer data)
{
  WherryPartner *partner = data;

  g_clear_handle_id (&partner->timer, g_source_remove);
  g_clear_pointer (&partner->mux, wherry_mux_free);
  wherry_partner_forget_direct (partner);
  g_free (partner->id);
  g_free (partner);
}

/* ---- what it says ---- */

static gboolean
send (WherryMeet *self, const char *to, const WherryMuxFrame *frame)
{
  g_autoptr (GBytes) message = wherry_mux_frame_format (frame);
  g_autoptr (GError) error = NULL;

  if (wherry_client_channel_send_bytes (self->channel, message, to, &error))
    return TRUE;
  g_info ("Not sent to %s: %s", to, error->message);
  return FALSE;
}

void
wherry_meet_refuse (WherryMeet *self, const char *to, WherryMuxCode code, const char *text)
{
  const WherryMuxFrame frame
      = { .type = WHERRY_MUX_REFUSE, .code = (guint8) code, .text = (char *) text };

  send (self, to, &frame);
}

/* What all of them have on their way to this side is less than the relay holds for it. */
static guint32
get_window (WherryMeet *self)
{
  guint n = MAX (g_hash_table_size (self->partners), 1);

  return MAX (WHERRY_CLI_TRANSIT_BYTES / n, WHERRY_MUX_WINDOW_MIN);
}

static WherryMuxGreeting
make_greeting (WherryMeet *self)
{
  return (WherryMuxGreeting){
    .version = WHERRY_MUX_VERSION,
    .kind = (guint8) self->options.kind,
    .direct = self->options.direct,
    .session_window = get_window (self),
    .stream_window = self->options.stream_window,
  };
}

/* ---- sessions ---- */

static void
adjust_windows (WherryMeet *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->partners);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((WherryPartner *) value)->mux != NULL)
      wherry_mux_set_window (((WherryPartner *) value)->mux, get_window (self));
}

/* No way from here to there. Of two that waited for each other nobody else will come. */
static void
give_up_direct (WherryMeet *self, const char *member, const GError *error)
{
  g_autofree char *name = wherry_meet_name (self, member);

  g_hash_table_add (self->tried, g_strdup (member));
  if (self->options.role == WHERRY_MEET_PAIR)
    self->hooks->failed (self->user_data, error);
  else
    wherry_say ("%s: %s", name, error->message);
}

/* error: NULL: it never was met */
void
wherry_meet_lose (WherryMeet *self, const char *id, const GError *error)
{
  WherryPartner *partner = g_hash_table_lookup (self->partners, id);
  g_autofree char *member = g_strdup (id);
  gboolean was_met, was_connecting;

  if (partner == NULL)
    return;
  was_met = partner->state == WHERRY_PARTNER_MET;
  was_connecting = partner->state == WHERRY_PARTNER_CONNECTING;
  g_hash_table_steal (self->partners, member);
  if (partner->mux != NULL && error != NULL)
    wherry_mux_break (partner->mux, error);
  wherry_partner_free (partner);
  if (was_met && !self->has_ended)
    self->hooks->lost (self->user_data, member, error);
  else if (was_connecting && error != NULL && !self->has_ended)
    give_up_direct (self, member, error);
  wherry_meet_look_soon (self);
}

static gboolean
on_send (gpointer user_data, GBytes *message, GError **error)
{
  WherryPartner *partner = user_data;

  if (partner->direct != NULL)
    return wherry_partner_send_direct (partner, message, error);
  return wherry_client_channel_send_bytes (partner->meet->channel, message, partner->id, error);
}

static void
on_opened (gpointer user_data, WherryMuxStream *stream)
{
  WherryPartner *partner = user_data;

  partner->meet->hooks->opened (partner->meet->user_data, partner->id, stream);
}

static void
on_mux_failed (gpointer user_data, const GError *error)
{
  WherryPartner *partner = user_data;
  WherryMeet *self = partner->meet;

  if (error->domain == WHERRY_ERROR && error->code == WHERRY_ERROR_PROTOCOL)
    wherry_meet_refuse (self, partner->id, WHERRY_MUX_CODE_PROTOCOL, error->message);
  wherry_meet_lose (self, partner->id, error);
}

static const WherryMuxEvents mux_events = { on_send, on_opened, on_mux_failed };

static gboolean
on_invitation_limit (gpointer data)
{
  WherryPartner *partner = data;
  WherryMeet *self = partner->meet;

  partner->timer = 0;
  g_hash_table_add (self->silent, g_strdup (partner->id));
  wherry_meet_lose (self, partner->id, NULL);
  return G_SOURCE_REMOVE;
}

void
wherry_partner_meet (WherryPartner *partner)
{
  WherryMeet *self = partner->meet;

  partner->state = WHERRY_PARTNER_MET;
  partner->mux = wherry_mux_new (&partner->ours, &partner->theirs, partner->is_inviter,
                                 self->options.max_streams, &mux_events, partner);
  adjust_windows (self);
  self->hooks->met (self->user_data, partner->id, partner->mux, partner->is_inviter);
}

/* What either side lets the other send is agreed. */
static void
agree (WherryPartner *partner, const WherryMuxGreeting *ours, const WherryMuxGreeting *theirs,
       gboolean is_inviter)
{
  WherryMeet *self = partner->meet;

  g_clear_handle_id (&partner->timer, g_source_remove);
  partner->ours = *ours;
  partner->theirs = *theirs;
  partner->is_inviter = is_inviter;
  wherry_meet_look_soon (self);
  if (!self->options.direct)
    {
      wherry_partner_meet (partner);
      return;
    }
  partner->state = WHERRY_PARTNER_CONNECTING;
  if (is_inviter)
    wherry_partner_go_direct (partner, NULL);
  else /* it offers, or does not */
    partner->timer = g_timeout_add_seconds (WHERRY_CLI_OFFER_SECONDS, on_invitation_limit, partner);
}

void
wherry_partner_describe (WherryPartner *partner, const char *sdp)
{
  const WherryMuxFrame frame = { .type = WHERRY_MUX_DESCRIBE, .text = (char *) sdp };

  if (strlen (sdp) <= WHERRY_MUX_SDP_MAX)
    send (partner->meet, partner->id, &frame);
}

void
wherry_partner_take_message (WherryPartner *partner, GBytes *message)
{
  g_auto (WherryMuxFrame) frame = { 0 };
  g_autoptr (GError) error = NULL;

  if (partner->state != WHERRY_PARTNER_MET)
    return;
  if (wherry_mux_frame_parse (&frame, message, &error))
    wherry_mux_take (partner->mux, &frame);
  else
    on_mux_failed (partner, error);
}

void
wherry_partner_lose (WherryPartner *partner, const GError *error)
{
  wherry_meet_lose (partner->meet, partner->id, error);
}

static WherryPartner *
add_partner (WherryMeet *self, const char *id)
{
  WherryPartner *partner = g_new0 (WherryPartner, 1);

  partner->meet = self;
  partner->id = g_strdup (id);
  g_hash_table_insert (self->partners, partner->id, partner);
  return partner;
}

void
wherry_meet_lose_all (WherryMeet *self, const GError *error)
{
  for (;;)
    {
      GHashTableIter iter;
      gpointer id, value = NULL;

      g_hash_table_iter_init (&iter, self->partners);
      while (g_hash_table_iter_next (&iter, &id, &value)
             && ((WherryPartner *) value)->direct != NULL)
        value = NULL;
      if (value == NULL)
        break;
      wherry_meet_lose (self, id, error);
    }
}

void
wherry_meet_invite (WherryMeet *self, const char *id)
{
  const WherryMuxFrame frame = { .type = WHERRY_MUX_INVITE, .greeting = make_greeting (self) };
  WherryPartner *partner;

  if (!send (self, id, &frame))
    return;
  partner = add_partner (self, id);
  partner->timer = g_timeout_add_seconds (WHERRY_CLI_ANSWER_SECONDS, on_invitation_limit, partner);
}

/* ---- what comes ---- */

static const char *
find_objection (WherryMeet *self, const char *sender, const WherryMuxGreeting *theirs,
                WherryMuxCode *code)
{
  WherryMember *member = wherry_roster_lookup (self->roster, sender);

  /* nobody learns the addresses of who did not say so */
  if (theirs->direct != self->options.direct)
    {
      *code = WHERRY_MUX_CODE_REFUSED;
      return "both sides, or neither, need --direct";
    }
  if (self->only != NULL && (member == NULL || !wherry_meet_is_wanted (self, member)))
    {
      *code = WHERRY_MUX_CODE_REFUSED;
      return "it waits for somebody else";
    }
  if (self->options.role == WHERRY_MEET_CLIENT || wherry_meet_is_busy (self))
    {
      *code = WHERRY_MUX_CODE_BUSY;
      return "";
    }
  return NULL;
}

static void
take_invitation (WherryMeet *self, const char *sender, const WherryMuxGreeting *theirs)
{
  WherryMuxFrame answer = { .type = WHERRY_MUX_ACCEPT };
  WherryMuxCode code = WHERRY_MUX_CODE_VERSION;
  g_autoptr (GError) error = NULL;
  const char *objection;
  WherryPartner *partner;

  if (theirs->version != WHERRY_MUX_VERSION || theirs->kind != self->options.kind)
    {
      wherry_meet_refuse (self, sender, code, NULL);
      return;
    }
  if (g_hash_table_contains (self->partners, sender)) /* it begins anew */
    {
      error = wherry_mux_error_new (WHERRY_MUX_CODE_ABORTED, NULL);
      wherry_meet_lose (self, sender, error);
    }
  objection = self->has_ended ? "" : find_objection (self, sender, theirs, &code);
  if (objection != NULL)
    {
      wherry_meet_refuse (self, sender, code, *objection != '\0' ? objection : NULL);
      return;
    }
  partner = add_partner (self, sender);
  answer.greeting = make_greeting (self);
  if (!send (self, sender, &answer))
    wherry_meet_lose (self, sender, NULL);
  else
    agree (partner, &answer.greeting, theirs, FALSE);
}

static void
take_refusal (WherryMeet *self, WherryPartner *partner, const WherryMuxFrame *frame)
{
  g_autoptr (GError) error = wherry_mux_error_new (frame->code, frame->text);
  g_autofree char *name = wherry_meet_name (self, partner->id);

  g_hash_table_add (self->tried, g_strdup (partner->id));
  if (frame->code != WHERRY_MUX_CODE_BUSY)
    wherry_say ("%s: %s", name, error->message);
  wherry_meet_lose (self, partner->id, NULL);
}

static void
take_frame (WherryMeet *self, const char *sender, const WherryMuxFrame *frame)
{
  WherryPartner *partner = g_hash_table_lookup (self->partners, sender);
  const WherryMuxGreeting ours = make_greeting (self);

  if (frame->type == WHERRY_MUX_INVITE)
    take_invitation (self, sender, &frame->greeting);
  else if (partner == NULL)
    g_debug ("What %s sent is of no session", sender);
  else if (partner->state == WHERRY_PARTNER_MET)
    {
      /* of one that is connected directly, the relay brings nothing but that it ends */
      if (partner->direct == NULL || frame->type == WHERRY_MUX_REFUSE)
        wherry_mux_take (partner->mux, frame);
    }
  else if (frame->type == WHERRY_MUX_REFUSE)
    take_refusal (self, partner, frame);
  else if (partner->state == WHERRY_PARTNER_CONNECTING)
    {
      if (frame->type == WHERRY_MUX_DESCRIBE)
        wherry_partner_take_description (partner, frame->text);
    }
  else if (frame->type == WHERRY_MUX_ACCEPT && frame->greeting.version == WHERRY_MUX_VERSION)
    agree (partner, &ours, &frame->greeting, TRUE);
}

void
wherry_meet_take (WherryMeet *self, const char *sender, GBytes *data)
{
  g_auto (WherryMuxFrame) frame = { 0 };
  g_autoptr (GError) error = NULL;
  WherryPartner *partner;

  if (wherry_mux_frame_parse (&frame, data, &error))
    {
      take_frame (self, sender, &frame);
      return;
    }
  partner = g_hash_table_lookup (self->partners, sender);
  if (partner != NULL && partner->state == WHERRY_PARTNER_MET)
    on_mux_failed (partner, error);
}

void
wherry_meet_flush (WherryMeet *self)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, self->partners);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    g_ptr_array_add (ids, g_strdup (id));
  for (guint i = 0; i < ids->len; i++)
    {
      WherryPartner *partner = g_hash_table_lookup (self->partners, g_ptr_array_index (ids, i));

      if (partner != NULL && partner->mux != NULL)
        wherry_mux_flush (partner->mux);
    }
}
