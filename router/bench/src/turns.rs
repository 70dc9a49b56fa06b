/// The order of one round: as given, and in every second one turned round, so that nobody always comes after the same neighbour.
pub fn turns<T>(round: usize, mut programs: Vec<T>) -> Vec<T> {
    if !round.is_multiple_of(2) {
        programs.reverse();
    }
    programs
}
