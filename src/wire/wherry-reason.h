/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a member left, as its wire name: the reason of `member-left` and `left`. */

#include <glib.h>

G_BEGIN_DECLS

/**
 * WherryLeaveReason:
 * @WHERRY_LEAVE_LEFT: it said so
 * @WHERRY_LEAVE_FAILED: its peer connection failed, or could not be set up
 * @WHERRY_LEAVE_SLOW: it held back the others, or its own queues, for longer than allowed
 * @WHERRY_LEAVE_KICKED: an administrator sent it away, or what it sent did
 * @WHERRY_LEAVE_BANNED: an administrator sent it away for good
 * @WHERRY_LEAVE_TIMEOUT: it never connected
 * @WHERRY_LEAVE_EXPIRED: its token's time is over
 * @WHERRY_LEAVE_REPLACED: another connection took its place
 * @WHERRY_LEAVE_SHUTDOWN: the server goes down
 */
typedef enum
{
  WHERRY_LEAVE_LEFT,
  WHERRY_LEAVE_FAILED,
  WHERRY_LEAVE_SLOW,
  WHERRY_LEAVE_KICKED,
  WHERRY_LEAVE_BANNED,
  WHERRY_LEAVE_TIMEOUT,
  WHERRY_LEAVE_EXPIRED,
  WHERRY_LEAVE_REPLACED,
  WHERRY_LEAVE_SHUTDOWN,
} WherryLeaveReason;

/* Its name on the wire, as in "slow". Thread: any */
const char *wherry_leave_reason_to_string (WherryLeaveReason reason);
/* FALSE for a name that is none of them. Thread: any */
gboolean wherry_leave_reason_from_string (const char *name, WherryLeaveReason *reason);

/**
 * WherrySignalError:
 * @WHERRY_SIGNAL_ERROR_NONE: no error: never on the wire
 *
 * The code of an `error` message (data/docs/protocol.md section 1).
 */
typedef enum
{
  WHERRY_SIGNAL_ERROR_NONE,
  WHERRY_SIGNAL_ERROR_BAD_MESSAGE,
  WHERRY_SIGNAL_ERROR_UNKNOWN_TYPE,
  WHERRY_SIGNAL_ERROR_NOT_JOINED,
  WHERRY_SIGNAL_ERROR_ALREADY_JOINED,
  WHERRY_SIGNAL_ERROR_BAD_ROOM,
  WHERRY_SIGNAL_ERROR_ROOM_FULL,
  WHERRY_SIGNAL_ERROR_SERVER_FULL,
  WHERRY_SIGNAL_ERROR_UNAUTHORIZED,
  WHERRY_SIGNAL_ERROR_FORBIDDEN,
  WHERRY_SIGNAL_ERROR_BAD_SDP,
  WHERRY_SIGNAL_ERROR_BAD_CANDIDATE,
  WHERRY_SIGNAL_ERROR_TOO_LARGE,
  WHERRY_SIGNAL_ERROR_RATE_LIMITED,
  WHERRY_SIGNAL_ERROR_NO_SUCH_MEMBER,
  WHERRY_SIGNAL_ERROR_SHUTTING_DOWN,
  WHERRY_SIGNAL_ERROR_RESUME_REFUSED,
  WHERRY_SIGNAL_ERROR_INTERNAL,
} WherrySignalError;

/* Its name on the wire, as in "bad-message"; "internal" for what has none. Thread: any */
const char *wherry_signal_error_to_string (WherrySignalError code);
/* FALSE for a name that is none of them. Thread: any */
gboolean wherry_signal_error_from_string (const char *name, WherrySignalError *code);

G_END_DECLS
