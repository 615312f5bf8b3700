/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lib/wherry-enums.h"
#include "lib/wherry-version.h"

G_BEGIN_DECLS

#define WHERRY_TYPE_MEMBER (wherry_member_get_type ())
/**
 * WherryMember:
 *
 * A member of a room. Most are browsers and programs that came over the network. One that
 * [method@Relay.join] gave is inside the process: it sends with [method@Member.send_text] and
 * [method@Member.send_bytes] and hears by [signal@Member::message].
 *
 * What a member inside the process is sent waits in bounded queues, as everybody else's: until a
 * handler of [signal@Member::message] is connected nothing is told, and one that does not take its
 * messages holds back the others of the room, up to the relay's limits, and then leaves for the
 * reason `slow`. It stays in the room until it leaves, whether anybody holds a reference to it or
 * not.
 *
 * Properties change and signals arrive on the main context of the relay's or client's creator. All
 * methods belong to that thread; the last reference may be dropped anywhere.
 */
WHERRY_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE (WherryMember, wherry_member, WHERRY, MEMBER, GObject)

/**
 * wherry_member_get_id:
 * @self: a member
 *
 * Gets [property@Member:id].
 *
 * Returns: 16 hexadecimal digits, as the others know it
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_member_get_id (WherryMember *self);
/**
 * wherry_member_get_name:
 * @self: a member
 *
 * Gets [property@Member:name].
 *
 * Returns: (nullable): the name that it gave itself; others may have the same
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_member_get_name (WherryMember *self);
/**
 * wherry_member_get_room:
 * @self: a member
 *
 * Gets [property@Member:room].
 *
 * Returns: the name of its room
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_member_get_room (WherryMember *self);
/**
 * wherry_member_get_state:
 * @self: a member
 *
 * Gets [property@Member:state].
 *
 * Returns: whether it is there
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
WherryMemberState wherry_member_get_state (WherryMember *self);
/**
 * wherry_member_get_path:
 * @self: a member
 *
 * How it is connected, with the candidates' types of RFC 8445: `host to srflx over udp`.
 *
 * Returns: (nullable): the path; %NULL before it is known and without a network
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_member_get_path (WherryMember *self);
/**
 * wherry_member_get_leave_reason:
 * @self: a member
 *
 * Why it left: `left`, `failed`, `slow`, `kicked`, `timeout`, `shutdown`.
 *
 * Returns: (nullable): the reason; %NULL while it is there
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_member_get_leave_reason (WherryMember *self);
/**
 * wherry_member_get_attributes:
 * @self: a member
 *
 * Gets [property@Member:attributes].
 *
 * Returns: (nullable): what it says about itself, a JSON object of at most 4 KiB
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
const char *wherry_member_get_attributes (WherryMember *self);
/**
 * wherry_member_set_attributes:
 * @self: a member of a relay in this process, inside it or not
 * @json: (nullable): a JSON object of at most 4 KiB; %NULL: none
 * @error: return location: %WHERRY_ERROR_INVALID_ARGUMENT, %WHERRY_ERROR_TOO_LARGE,
 *   %WHERRY_ERROR_LIMIT when those of its room take too much, %WHERRY_ERROR_CLOSED when it has
 * left, %WHERRY_ERROR_FORBIDDEN when its relay is elsewhere, or its token says what they are
 *
 * Says something about it to everybody in the room.
 *
 * Returns: %TRUE if everybody was told
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_set_attributes (WherryMember *self, const char *json, GError **error);
/**
 * wherry_member_is_local:
 * @self: a member
 *
 * Gets [property@Member:is-local].
 *
 * Returns: whether it is inside the process
 *
 * Thread: any
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_is_local (WherryMember *self);
/**
 * wherry_member_kick:
 * @self: a member of a relay in this process
 * @error: return location: %WHERRY_ERROR_CLOSED when it has left, %WHERRY_ERROR_FORBIDDEN when its
 *   relay is elsewhere
 *
 * Sends it away: it leaves at once, for the reason `kicked`.
 *
 * Returns: %TRUE if it left
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_kick (WherryMember *self, GError **error);
/**
 * wherry_member_ban:
 * @self: a member of a relay in this process
 * @seconds: for how long, at least 1
 * @error: return location: those of [method@Member.kick]; %WHERRY_ERROR_LIMIT when nothing is known
 *   of it that it could be known by, or too many are banned: then it was kicked
 *
 * Sends it away for the reason `banned`; it may not join its room again before the time is over. It
 * is known by its token's subject, without one by its address, and on loopback, where everybody has
 * the same, by its name; who else that is leaves too.
 *
 * Returns: %TRUE if it is banned
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_ban (WherryMember *self, guint seconds, GError **error);
/**
 * wherry_member_get_outboxes:
 * @self: a member of a relay in this process
 *
 * Gets what waits for it, and what was done about what it was too slow for, by topic: an array of
 * dictionaries (`aa{sv}`).
 *
 * - `topic` (`s`): the label; not there where many more topics are counted together
 * - `policy` (`s`): of its channel: `block`, `drop-oldest`, `drop-newest`, `latest`, `disconnect`;
 *   not there, nor the next two, when it has none
 * - `messages` (`u`), `bytes` (`t`): that wait now
 * - `pauses` (`t`), `paused-ms` (`t`): how often, and how long, others waited for it since it
 * joined
 * - `dropped-oldest`, `dropped-newest`, `dropped-latest` (`t`): messages, by the policy that
 * dropped them, since it joined
 *
 * Returns: (transfer full): the array, ordered by topic; empty when it has left or its relay is
 *   elsewhere
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
GVariant *wherry_member_get_outboxes (WherryMember *self);

/* inside the process */
/**
 * wherry_member_subscribe:
 * @self: a member inside the process
 * @topic: the label, UTF-8
 * @lossy: %FALSE: every message in order; %TRUE: the newest ones, unordered: what it is too slow
 *   for is dropped, and nobody waits for it
 * @error: return location: %WHERRY_ERROR_CLOSED when it has left, %WHERRY_ERROR_INVALID_ARGUMENT
 *
 * Chooses how it hears a topic and sends on it. Not needed for a topic that it is to hear in full:
 * it hears all of the room's, and sending on one subscribes to it.
 *
 * Returns: %TRUE if it was asked for
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_subscribe (WherryMember *self, const char *topic, gboolean lossy,
                                  GError **error);
/**
 * wherry_member_send_text:
 * @self: a member inside the process
 * @topic: the label, UTF-8
 * @text: valid UTF-8
 * @error: return location
 *
 * Sends a text message to everybody else who hears the topic.
 *
 * Fails at once with %WHERRY_ERROR_CLOSED when it has left or is not inside the process,
 * %WHERRY_ERROR_TOO_LARGE over [property@Configuration:max-message-size] of the relay,
 * %WHERRY_ERROR_WOULD_BLOCK when 1 MiB waits for the others already: send on after
 * [signal@Member::drained]; %WHERRY_ERROR_INVALID_ARGUMENT when it is not a topic's name.
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_send_text (WherryMember *self, const char *topic, const char *text,
                                  GError **error);
/**
 * wherry_member_send_bytes:
 * @self: a member inside the process
 * @topic: the label, UTF-8
 * @bytes: the payload, may be empty
 * @error: return location
 *
 * Sends a binary message. Fails as [method@Member.send_text].
 *
 * Returns: %TRUE if it was taken
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_send_bytes (WherryMember *self, const char *topic, GBytes *bytes,
                                   GError **error);
/**
 * wherry_member_get_buffered_amount:
 * @self: a member inside the process
 *
 * Gets [property@Member:buffered-amount].
 *
 * Returns: payload bytes that were given to the send functions and wait for the others
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
guint64 wherry_member_get_buffered_amount (WherryMember *self);
/**
 * wherry_member_get_paused:
 * @self: a member inside the process
 *
 * Gets [property@Member:paused].
 *
 * Returns: whether it was told to hear nothing for now
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
gboolean wherry_member_get_paused (WherryMember *self);
/**
 * wherry_member_set_paused:
 * @self: a member inside the process
 * @paused: whether to hear nothing for now
 *
 * While paused, what it is sent waits, up to the relay's limits; then it is a slow consumer.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_member_set_paused (WherryMember *self, gboolean paused);
/**
 * wherry_member_leave:
 * @self: a member inside the process
 *
 * Leaves the room once everything that it sent was taken. [property@Member:state] tells when it is
 * done; nothing is heard from now on.
 *
 * Thread: the creator's
 */
WHERRY_AVAILABLE_IN_0_1
void wherry_member_leave (WherryMember *self);

G_END_DECLS
