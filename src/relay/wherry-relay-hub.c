/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include <dirent.h>
#include <string.h>
#include <sys/resource.h>

#include "base/wherry-address-key.h"
#include "base/wherry-counters.h"
#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"
#include "relay/wherry-resume-record.h"

/* How old a count of the open descriptors may be: counting thousands costs a millisecond. */
#define FDS_COUNT_INTERVAL_US G_USEC_PER_SEC

static void
on_request (gpointer item, gpointer user_data)
{
  WherryRelayHub *self = user_data;
  WherryPortRequest *request = item;
  g_autoptr (WherryRelayMember) member = NULL;

  if (request->type == WHERRY_PORT_WATCH)
    wherry_relay_hub_watch (self);
  else if ((member = g_hash_table_lookup (self->members, &request->member)) != NULL)
    wherry_relay_member_handle (wherry_relay_member_ref (member), request);
  wherry_port_request_free (request);
}

/* Any thread, under an outbox set's lock. */
static void
notify_watch (gpointer user_data)
{
  WherryInbox *inbox = user_data;
  WherryPortRequest *request = g_new0 (WherryPortRequest, 1);

  request->type = WHERRY_PORT_WATCH;
  wherry_inbox_post_urgent (inbox, request);
}

WherryRelayHub *
wherry_relay_hub_new (WherryRelayConfig *config, GMainContext *hub_context, WherryClock *clock)
{
  WherryRelayHub *self = g_new0 (WherryRelayHub, 1);

  wherry_owner_init (&self->owner);
  self->config = config;
  self->context = hub_context != NULL ? g_main_context_ref (hub_context)
                                      : g_main_context_ref (g_main_context_default ());
  self->clock = wherry_clock_ref (clock != NULL ? clock : wherry_clock_system ());
  /* each member bounds what its port posts */
  self->inbox
      = wherry_inbox_new (self->context, 0, 0, NULL, on_request, self, wherry_port_request_free);
  self->budget = wherry_budget_new (config->memory_budget);
  self->watch = wherry_block_watch_new (notify_watch, self->inbox);
  self->resumes = wherry_resume_table_new ();
  self->logs = wherry_log_share_new (config->memory_budget / WHERRY_LOG_SHARE);
  self->cool_down = wherry_cool_down_new ();
  self->bans = wherry_ban_list_new ();
  self->members = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->rooms = g_hash_table_new (g_str_hash, g_str_equal);
  self->networks
      = g_hash_table_new_full (wherry_address_key_hash, wherry_address_key_equal, g_free, NULL);
  if (config->threads > 0)
    self->threads = wherry_peer_threads_new (config->threads);
  self->fds_counted_us = -FDS_COUNT_INTERVAL_US;
  self->budget_since_us = -1;
  return self;
}

void
wherry_relay_hub_free (WherryRelayHub *self)
{
  if (self == NULL)
    return;
  WHERRY_ASSERT_OWNER (self);
  g_assert (self->n_peers == 0 && g_hash_table_size (self->members) == 0);
  g_clear_pointer (&self->threads, wherry_peer_threads_free);
  wherry_relay_hub_unwatch_network (self);
  g_clear_pointer (&self->store, wherry_store_close);
  wherry_block_watch_close (self->watch);
  wherry_clock_clear_source (&self->watch_timer);
  wherry_clock_clear_source (&self->done_source);
  wherry_inbox_close (self->inbox);
  g_hash_table_unref (self->members);
  g_hash_table_unref (self->rooms);
  g_assert (g_hash_table_size (self->networks) == 0);
  g_hash_table_unref (self->networks);
  wherry_cool_down_free (self->cool_down);
  wherry_ban_list_free (self->bans);
  wherry_block_watch_unref (self->watch);
  wherry_log_share_unref (self->logs);
  wherry_resume_table_free (self->resumes);
  wherry_budget_unref (self->budget);
  wherry_inbox_unref (self->inbox);
  wherry_clock_unref (self->clock);
  g_main_context_unref (self->context);
  wherry_relay_config_free (self->config);
  g_free (self);
}

const WherryRelayConfig *
wherry_relay_hub_get_config (WherryRelayHub *self)
{
  return self->config;
}

WherryBudget *
wherry_relay_hub_get_budget (WherryRelayHub *self)
{
  return self->budget;
}

void
wherry_relay_hub_set_peer_hook (WherryRelayHub *self, WherryRelayPeerHook hook, gpointer user_data)
{
  self->peer_hook = hook;
  self->peer_hook_data = user_data;
}

void
wherry_relay_hub_set_peers_func (WherryRelayHub *self, void (*func) (gpointer user_data, guint n),
                                 gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);
  self->peers_func = func;
  self->peers_data = user_data;
}

void
wherry_relay_hub_set_observer (WherryRelayHub *self, const WherryRelayObserver *observer,
                               gpointer user_data)
{
  WHERRY_ASSERT_OWNER (self);
  self->observer = observer;
  self->observer_data = user_data;
}

void
wherry_relay_hub_tell_changed (WherryRelayHub *self, WherryRelayMember *member)
{
  if (self->observer != NULL && member->observed)
    self->observer->changed (self->observer_data, member);
}

void
wherry_relay_hub_tell_left (WherryRelayHub *self, WherryRelayMember *member,
                            WherryLeaveReason reason)
{
  if (self->observer != NULL && member->observed)
    self->observer->left (self->observer_data, member, reason);
}

void
wherry_relay_hub_set_ice (WherryRelayHub *self, WherryIceConfig *ice)
{
  WHERRY_ASSERT_OWNER (self);
  /* ports on their threads read the config too, but never this of it */
  wherry_ice_config_free (self->config->ice);
  self->config->ice = ice;
}

WherryRelayMember *
wherry_relay_hub_lookup (WherryRelayHub *self, const char *id)
{
  guint64 key = g_ascii_strtoull (id, NULL, 16);
  WherryRelayMember *member = g_hash_table_lookup (self->members, &key);

  WHERRY_ASSERT_OWNER (self);
  return member != NULL && wherry_relay_member_is_present (member) ? member : NULL;
}

void
wherry_relay_hub_count_peer (WherryRelayHub *self, int change)
{
  self->n_peers += (guint) change;
  if (self->peers_func != NULL)
    self->peers_func (self->peers_data, self->n_peers);
}

/* ---- joins ---- */

static guint
count_fds (void)
{
  DIR *dir = opendir ("/proc/self/fd");
  guint n = 0;

  if (dir == NULL) /* no /proc, or none left: the caller adds its reserve to the worst */
    return G_MAXUINT / 2;
  while (readdir (dir) != NULL)
    n++;
  closedir (dir);
  return n;
}

static gboolean
fits (WherryRelayHub *self, guint n_more, rlim_t limit)
{
  return (guint64) self->fds_used + (guint64) n_more * WHERRY_FDS_PER_PEER + WHERRY_FDS_RESERVE
         <= limit;
}

/* g_main_context_new() aborts the process when there is no descriptor for it, so we stop well
 * before. Between counts, each peer that was made is charged what it may need; a refusal is looked
 * at again if a peer has ended since. */
gboolean
wherry_relay_hub_has_room_for_peer (WherryRelayHub *self, guint n_more)
{
  gint64 now_us = g_get_monotonic_time ();
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return TRUE;
  if (now_us - self->fds_counted_us < FDS_COUNT_INTERVAL_US
      && (fits (self, n_more, limit.rlim_cur) || !self->fds_freed))
    return fits (self, n_more, limit.rlim_cur);
  self->fds_used = count_fds ();
  self->fds_counted_us = now_us;
  self->fds_freed = FALSE;
  return fits (self, n_more, limit.rlim_cur);
}

static gboolean
is_room_name (const char *name)
{
  gsize length = name != NULL ? strlen (name) : 0;

  if (length == 0 || length > WHERRY_ROOM_NAME_MAX || !g_utf8_validate (name, -1, NULL))
    return FALSE;
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    if (*p == '/' || g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return TRUE;
}

static gboolean
refuse (WherrySignalError *out, WherrySignalError code, GError **error, const char *text)
{
  *out = code;
  wherry_counter_inc (WHERRY_COUNTER_JOINS_REFUSED);
  g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, text);
  return FALSE;
}

/* What everybody needs who comes in, and who comes back. */
static gboolean
may_enter (WherryRelayHub *self, const WherryJoin *join, WherrySignalError *code, GError **error)
{
  const char *text;

  if (self->shutting_down)
    return refuse (code, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, error, "the server is shutting down");
  if (!is_room_name (join->room))
    return refuse (code, WHERRY_SIGNAL_ERROR_BAD_ROOM, error,
                   "a room's name has 1 to 128 bytes of UTF-8 without control characters or /");
  if (join->name != NULL
      && (strlen (join->name) > WHERRY_MEMBER_NAME_MAX || !g_utf8_validate (join->name, -1, NULL)))
    return refuse (code, WHERRY_SIGNAL_ERROR_BAD_MESSAGE, error,
                   "a member's name has at most 64 bytes of UTF-8");
  if (!wherry_relay_hub_check_rights (self, join, code, &text))
    return refuse (code, *code, error, text);
  return TRUE;
}

static gboolean
may_join (WherryRelayHub *self, const WherryJoin *join, WherrySignalError *code, GError **error)
{
  const WherryRelayRoom *room = NULL;
  /* members that left hold their descriptors until their thread is joined; those without a peer may
   * still ask for one */
  guint n_without = self->n_present > self->n_peers ? self->n_present - self->n_peers : 0;
  const char *text;

  if (wherry_cool_down_left_us (self->cool_down, join->room, join->address, join->name,
                                wherry_clock_now_us (self->clock))
      > 0)
    return refuse (code, WHERRY_SIGNAL_ERROR_RATE_LIMITED, error,
                   "you were sent away from this room: try again in half a minute");
  if ((self->config->max_peers > 0 && self->n_present >= self->config->max_peers)
      || !wherry_relay_hub_has_room_for_peer (self, n_without + 1))
    return refuse (code, WHERRY_SIGNAL_ERROR_SERVER_FULL, error, "the server is full");
  room = g_hash_table_lookup (self->rooms, join->room);
  if (room != NULL
      && room->members->len >= wherry_relay_config_members_per_room (self->config, join->room))
    return refuse (code, WHERRY_SIGNAL_ERROR_ROOM_FULL, error, "the room is full");
  if (!wherry_relay_hub_check_limits (self, join, code, &text))
    return refuse (code, *code, error, text);
  if (!wherry_relay_hub_check_presence (self, join, code, &text))
    return refuse (code, *code, error, text);
  return TRUE;
}

WherryRelayMember *
wherry_relay_hub_join (WherryRelayHub *self, const WherryJoin *join,
                       const WherryMemberEvents *events, gpointer user_data,
                       WherrySignalError *code, GError **error)
{
  g_autoptr (WherryRelayRoom) room = NULL;
  g_autoptr (WherryRelayMember) member = NULL;
  WherryLogContext context;

  WHERRY_ASSERT_OWNER (self);
  if (!may_enter (self, join, code, error))
    return NULL;
  if (join->resume != NULL)
    return wherry_relay_hub_resume (self, join, events, user_data, code, error);
  if (!may_join (self, join, code, error))
    return NULL;
  room = wherry_relay_room_get (self, join->room);
  member = wherry_relay_member_ref (wherry_relay_member_new (self, room, join, events, user_data));
  wherry_counter_inc (WHERRY_COUNTER_JOINS);
  context = (WherryLogContext){ member->id, room->name, NULL };
  wherry_message (&context, "member joined%s%s", join->address != NULL ? " from " : "",
                  join->address != NULL ? join->address : "");

  wherry_relay_room_add (room, member);
  if (self->observer != NULL && wherry_relay_member_is_present (member))
    {
      member->observed = TRUE;
      self->observer->joined (self->observer_data, member);
    }
  /* a listener shut the relay down: no event was called */
  if (!wherry_relay_member_is_present (member))
    {
      refuse (code, WHERRY_SIGNAL_ERROR_SHUTTING_DOWN, error, "the server is shutting down");
      return NULL;
    }
  member->n_records = wherry_resume_record_begin (member) ? 1 : 0;
  member->stage = member->n_records > 0 ? WHERRY_STAGE_WAITING : WHERRY_STAGE_HERE;
  return member; /* as long as it is present, the table's reference */
}

/* ---- the end ---- */

static gboolean
on_done (gpointer data)
{
  WherryRelayHub *self = data;

  wherry_clock_clear_source (&self->done_source);
  self->done (self->done_data); /* may free self */
  return G_SOURCE_REMOVE;
}

static void
look_whether_done (WherryRelayHub *self)
{
  if (self->done == NULL || self->done_source != NULL || g_hash_table_size (self->members) > 0
      || self->n_peers > 0)
    return;
  self->done_source = g_idle_source_new ();
  g_source_set_priority (self->done_source, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->done_source, on_done, self, NULL);
  g_source_attach (self->done_source, self->context);
}

void
wherry_relay_hub_member_gone (WherryRelayHub *self, WherryRelayMember *member)
{
  if (!g_hash_table_remove (self->members, &member->key))
    {
      wherry_bug ("a member was gone before");
      return;
    }
  wherry_relay_room_unseat (member->room, member);
  wherry_relay_member_unref (member); /* the table's */
  look_whether_done (self);
}

void
wherry_relay_hub_shutdown (WherryRelayHub *self, void (*done) (gpointer user_data),
                           gpointer user_data)
{
  g_autoptr (GPtrArray) members
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_relay_member_unref);
  GHashTableIter iter;
  gpointer value;
  GList *rooms;

  WHERRY_ASSERT_OWNER (self);
  self->shutting_down = TRUE;
  self->done = done;
  self->done_data = user_data;
  g_hash_table_iter_init (&iter, self->members);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (members, wherry_relay_member_ref (value));
  wherry_relay_hub_forget_restored (self);
  rooms = g_hash_table_get_values (self->rooms);
  g_list_free_full (rooms, (GDestroyNotify) wherry_relay_room_let_go);
  /* Each is told of its own end; of the others' it would hear only noise. */
  for (guint i = 0; i < members->len; i++)
    wherry_relay_member_end (g_ptr_array_index (members, i), WHERRY_LEAVE_SHUTDOWN, FALSE);
  look_whether_done (self);
}
