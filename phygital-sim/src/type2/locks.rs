//! Static and dynamic lock bytes (NTAG213/215/216 §8.5.2 and §8.5.3).

use super::{PAGE, Type2TagChip};

/// The first page that the dynamic lock bits close.
const DYNAMIC_FROM: usize = 16;

/// What is closed.
#[derive(Clone, Copy)]
pub(super) struct Locks {
    chip: Type2TagChip,
    of_static: [u8; 2],
    dynamic: [u8; PAGE],
}

impl Locks {
    pub(super) fn of(pages: &[[u8; PAGE]], chip: Type2TagChip) -> Self {
        let [_, _, low, high] = pages[2];
        Self { chip, of_static: [low, high], dynamic: pages[chip.dynamic_locks()] }
    }

    /// Whether a page is closed.
    pub(super) fn is_locked(self, page: usize) -> bool {
        let bit = |byte: u8, bit: usize| byte >> bit & 1 == 1;
        match page {
            3..8 => bit(self.of_static[0], page),
            8..16 => bit(self.of_static[1], page - 8),
            page if self.chip.user_pages().contains(&page) => {
                let at = (page - DYNAMIC_FROM) / self.chip.pages_a_lock();
                bit(self.dynamic[at / 8], at % 8)
            }
            _ => false,
        }
    }

    /// Which of the static lock bits may still go on: bits 0 to 2 freeze those of page 3, of 4 to 9, of 10 to 15.
    pub(super) fn static_bits(self) -> [u8; 2] {
        let [low, _] = self.of_static;
        let mut allowed = [0xFF, 0xFF];
        if low & 0x01 != 0 {
            allowed[0] &= !0x08;
        }
        if low & 0x02 != 0 {
            allowed[0] &= !0xF0;
            allowed[1] &= !0x03;
        }
        if low & 0x04 != 0 {
            allowed[1] &= !0xFC;
        }
        allowed
    }

    /// Which of the dynamic lock bits may still go on: each bit of the third byte freezes two. The last byte is fixed.
    pub(super) fn dynamic_bits(self) -> [u8; PAGE] {
        let mut allowed = [0xFF, 0xFF, 0xFF, 0x00];
        for frozen in (0..8).filter(|frozen| self.dynamic[2] >> frozen & 1 == 1) {
            allowed[frozen / 4] &= !(0b11 << (frozen % 4 * 2));
        }
        allowed
    }
}
