"""What notation's own rules draw: beams, stems, accidentals, brackets, and the ends of ties and slurs. A score says only where it departs."""
