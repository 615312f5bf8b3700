/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-test"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "signaling/wherry-fake-relay-private.h"

void G_GNUC_PRINTF (2, 3)
    wherry_fake_relay_note (WherryRelayMember *member, const char *format, ...)
{
  va_list args;

  g_string_append_printf (member->relay->log, "%s: ", member->id);
  va_start (args, format);
  g_string_append_vprintf (member->relay->log, format, args);
  va_end (args);
  g_string_append_c (member->relay->log, '\n');
}

WherryRelayHub *
wherry_fake_relay_new (void)
{
  WherryRelayHub *relay = g_new0 (WherryRelayHub, 1);

  relay->members = g_ptr_array_new ();
  relay->log = g_string_new (NULL);
  relay->config.channels_per_member = WHERRY_CHANNELS_PER_MEMBER;
  relay->config.max_message_size = WHERRY_MAX_MESSAGE_SIZE_DEFAULT;
  relay->budget = wherry_budget_new (G_MAXSIZE);
  return relay;
}

static void
member_free (WherryRelayMember *member)
{
  member->relay->members->pdata[member->index] = NULL;
  g_free (member->id);
  g_free (member->room);
  g_free (member->name);
  g_free (member->attributes);
  g_free (member);
}

void
wherry_fake_relay_free (WherryRelayHub *relay)
{
  for (guint i = 0; i < relay->members->len; i++)
    g_assert_null (relay->members->pdata[i]);
  g_ptr_array_unref (relay->members);
  g_string_free (relay->log, TRUE);
  g_assert_cmpuint (wherry_budget_get_used (relay->budget), ==, 0);
  wherry_budget_unref (relay->budget);
  g_free (relay);
}

WherryRelayConfig *
wherry_fake_relay_config (WherryRelayHub *relay)
{
  return &relay->config;
}

char *
wherry_fake_relay_take_log (WherryRelayHub *relay)
{
  char *text = g_string_free (relay->log, FALSE);

  relay->log = g_string_new (NULL);
  return text;
}

guint
wherry_fake_relay_get_n_members (WherryRelayHub *relay)
{
  guint n = 0;

  for (guint i = 0; i < relay->members->len; i++)
    n += relay->members->pdata[i] != NULL;
  return n;
}

void
wherry_fake_relay_fail_next (WherryRelayHub *relay, WherrySignalError code)
{
  relay->fail_next = code;
}

WherryRelayMember *
wherry_fake_relay_member (WherryRelayHub *relay, guint i)
{
  return i < relay->members->len ? relay->members->pdata[i] : NULL;
}

void
wherry_fake_member_describe (WherryRelayMember *member, WherrySdpType type, const char *sdp)
{
  member->events->description (member->events_data, type, sdp);
}

void
wherry_fake_member_candidate (WherryRelayMember *member, const char *candidate)
{
  member->events->candidate (member->events_data, candidate, "0", 0, "abcd");
}

void
wherry_fake_member_refuse (WherryRelayMember *member, WherryPeerRequest request, int code,
                           const char *message)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_ERROR, code, message);

  member->events->refused (member->events_data, request, error);
}

void
wherry_fake_member_end_candidates (WherryRelayMember *member)
{
  member->events->candidate (member->events_data, NULL, "0", 0, "abcd");
}

void
wherry_fake_member_open_notices (WherryRelayMember *member)
{
  member->events->notices_open (member->events_data);
}

void
wherry_fake_member_answered (WherryRelayMember *member)
{
  member->events->answered (member->events_data);
}

void
wherry_fake_member_offend (WherryRelayMember *member, WherrySignalError code)
{
  member->events->offended (member->events_data, code, "It was too much");
  wherry_relay_member_leave (member, WHERRY_LEAVE_KICKED);
}

void
wherry_fake_member_lose_address (WherryRelayMember *member)
{
  member->events->path_lost (member->events_data);
}

/* relay/wherry-relay-hub.h */

const WherryRelayConfig *
wherry_relay_hub_get_config (WherryRelayHub *self)
{
  return &self->config;
}

WherryBudget *
wherry_relay_hub_get_budget (WherryRelayHub *self)
{
  return self->budget;
}

void
wherry_relay_hub_get_stats (WherryRelayHub *self, WherryRelayStats *out)
{
  *out = (WherryRelayStats){ .members = wherry_fake_relay_get_n_members (self) };
}

gboolean
wherry_fake_relay_fails (WherryRelayHub *self, WherrySignalError *code, GError **error)
{
  if (self->fail_next == WHERRY_SIGNAL_ERROR_NONE)
    return FALSE;
  *code = self->fail_next;
  self->fail_next = WHERRY_SIGNAL_ERROR_NONE;
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "The fake was told to fail");
  return TRUE;
}

/* Calls func for every member of the same room but self. */
#define TELL(member, ...)                                                                          \
  (member)->events->news ((member)->events_data, &(WherrySignalNews){ __VA_ARGS__ })
#define FOREACH_OTHER(self, other)                                                                 \
  for (guint i_ = 0; i_ < (self)->relay->members->len; i_++)                                       \
    for (WherryRelayMember *other = (self)->relay->members->pdata[i_];                             \
         other != NULL && other != (self) && g_str_equal (other->room, (self)->room)               \
         && other->events != NULL;                                                                 \
         other = NULL)

WherryRelayMember *
wherry_relay_hub_join (WherryRelayHub *self, const WherryJoin *join,
                       const WherryMemberEvents *events, gpointer user_data,
                       WherrySignalError *code, GError **error)
{
  WherryRelayMember *member;

  if (wherry_fake_relay_fails (self, code, error))
    return NULL;

  member = g_new0 (WherryRelayMember, 1);
  member->relay = self;
  member->index = self->members->len;
  member->id = g_strdup_printf ("%016x", member->index + 1);
  member->room = g_strdup (join->room);
  member->name = g_strdup (join->name);
  member->attributes = g_strdup (join->attributes);
  member->events = events;
  member->events_data = user_data;
  g_ptr_array_add (self->members, member);
  wherry_fake_relay_note (member, "join %s name=%s mirror=%d", join->room, join->name,
                          join->mirror);
  if (join->attributes != NULL)
    wherry_fake_relay_note (member, "attributes %s", join->attributes);
  if (join->will != NULL)
    wherry_fake_relay_note (member, "will %s kind=%d length=%u", join->will_topic,
                            wherry_message_get_kind (join->will),
                            (guint) wherry_message_get_length (join->will));
  FOREACH_OTHER (member, other)
  TELL (other, .type = WHERRY_SIGNAL_MEMBER_JOINED, .peer = member->id, .name = member->name,
        .attributes = member->attributes);
  return member;
}

const char *
wherry_relay_member_get_id (WherryRelayMember *self)
{
  return self->id;
}

gboolean
wherry_relay_hub_has_banned (WherryRelayHub *self, const WherryBanned *who)
{
  return FALSE;
}

WherryGrant *
wherry_relay_member_get_grant (WherryRelayMember *self)
{
  return NULL;
}

const char *
wherry_relay_member_get_room (WherryRelayMember *self)
{
  return self->room;
}

void
wherry_relay_member_foreach_other (WherryRelayMember *self,
                                   void (*func) (const WherrySignalMemberRef *member,
                                                 gpointer data),
                                   gpointer data)
{
  FOREACH_OTHER (self, other)
  func (&(WherrySignalMemberRef){ .peer = other->id,
                                  .name = other->name,
                                  .attributes = other->attributes },
        data);
}

gboolean
wherry_relay_member_set_attributes (WherryRelayMember *self, const char *attributes,
                                    const char *tag, WherrySignalError *code, GError **error)
{
  if (wherry_fake_relay_fails (self->relay, code, error))
    return FALSE;
  g_free (self->attributes);
  self->attributes = g_strdup (attributes);
  FOREACH_OTHER (self, other)
  TELL (other, .type = WHERRY_SIGNAL_MEMBER_CHANGED, .peer = self->id, .attributes = attributes);
  TELL (self, .type = WHERRY_SIGNAL_MEMBER_CHANGED, .peer = self->id, .attributes = attributes,
        .tid = tag);
  return TRUE;
}

static void
note_channels (GString *words, const WherryChannelInit *channels, guint n)
{
  for (guint i = 0; i < n; i++)
    g_string_append_printf (words, " [%s id=%u ordered=%d r=%d/%u protocol=%s]", channels[i].label,
                            channels[i].id, channels[i].ordered, channels[i].reliability,
                            channels[i].reliability_value, channels[i].protocol);
}

gboolean
wherry_relay_member_call (WherryRelayMember *self, const WherryChannelInit *channels, guint n,
                          WherrySignalError *code, GError **error)
{
  g_autoptr (GString) words = g_string_new ("call");

  if (wherry_fake_relay_fails (self->relay, code, error))
    return FALSE;
  note_channels (words, channels, n);
  wherry_fake_relay_note (self, "%s", words->str);
  return TRUE;
}

gboolean
wherry_relay_member_restart (WherryRelayMember *self, WherrySignalError *code, GError **error)
{
  if (wherry_fake_relay_fails (self->relay, code, error))
    return FALSE;
  wherry_fake_relay_note (self, "restart");
  return TRUE;
}

gboolean
wherry_relay_member_tunnel (WherryRelayMember *self, WherrySignalError *code, GError **error)
{
  if (wherry_fake_relay_fails (self->relay, code, error))
    return FALSE;
  wherry_fake_relay_note (self, "tunnel");
  return TRUE;
}

gboolean
wherry_relay_member_tunnel_input (WherryRelayMember *self, GBytes *frames)
{
  wherry_fake_relay_note (self, "tunnel-input %" G_GSIZE_FORMAT, g_bytes_get_size (frames));
  return g_bytes_get_size (frames) < 100;
}

gboolean
wherry_relay_member_remote_description (WherryRelayMember *self, WherrySdp *sdp,
                                        const WherryChannelInit *channels, guint n,
                                        WherrySignalError *code, GError **error)
{
  g_autoptr (GString) words = g_string_new (wherry_sdp_type_to_string (sdp->type));

  wherry_sdp_free (sdp);
  if (wherry_fake_relay_fails (self->relay, code, error))
    return FALSE;
  note_channels (words, channels, n);
  wherry_fake_relay_note (self, "%s", words->str);
  return TRUE;
}

void
wherry_relay_member_remote_candidate (WherryRelayMember *self, WherryCandidate *candidate)
{
  if (candidate == NULL)
    wherry_fake_relay_note (self, "candidates end");
  else
    wherry_fake_relay_note (self, "candidate %s %u ufrag=%s", candidate->address, candidate->port,
                            candidate->ufrag);
  g_clear_pointer (&candidate, wherry_candidate_free);
}

gboolean
wherry_relay_member_signal (WherryRelayMember *self, const char *to, const char *data, gsize length)
{
  FOREACH_OTHER (self, other)
  if (g_str_equal (other->id, to))
    {
      TELL (other, .type = WHERRY_SIGNAL_SIGNAL, .peer = self->id, .data = data, .length = length);
      return TRUE;
    }
  return FALSE;
}

void
wherry_relay_member_msg (WherryRelayMember *self, const char *object, gsize length)
{
  FOREACH_OTHER (self, other)
  TELL (other, .type = WHERRY_SIGNAL_MSG, .peer = self->id, .data = object, .length = length);
  TELL (self, .type = WHERRY_SIGNAL_MSG, .peer = self->id, .data = object, .length = length);
}

static void
tell_left (WherryRelayMember *self, WherryLeaveReason reason)
{
  FOREACH_OTHER (self, other)
  TELL (other, .type = WHERRY_SIGNAL_MEMBER_LEFT, .peer = self->id, .reason = reason);
}

void
wherry_relay_member_leave (WherryRelayMember *self, WherryLeaveReason reason)
{
  wherry_fake_relay_note (self, "leave %s", wherry_leave_reason_to_string (reason));
  if (self->events != NULL && self->events->leaving != NULL)
    self->events->leaving (self->events_data, reason);
  tell_left (self, reason);
  if (self->events != NULL)
    self->events->left (self->events_data, reason);
  member_free (self);
}

/* Without a peer connection, which the fake never has, it leaves. */
void
wherry_relay_member_detach (WherryRelayMember *self)
{
  wherry_fake_relay_note (self, "detach");
  self->events = NULL;
  tell_left (self, WHERRY_LEAVE_FAILED);
  member_free (self);
}

/* ---- nobody comes back here ---- */

gboolean
wherry_relay_member_is_ready (WherryRelayMember *self)
{
  return TRUE;
}

gboolean
wherry_relay_member_is_resumed (WherryRelayMember *self)
{
  return FALSE;
}

char *
wherry_relay_member_issue_resume (WherryRelayMember *self)
{
  return NULL;
}

GPtrArray *
wherry_relay_member_list_accepted (WherryRelayMember *self)
{
  return wherry_signal_places_new ();
}
