/** What the teacher is shown of the manner: stories of our own, with what can be asked after them. */
export interface ExampleStory {
  readonly about: string;
  readonly story: string;
  readonly more: string;
  readonly shorter: string;
  readonly lesson: string;
  readonly who: string;
  readonly happy: string;
}

export const EXAMPLES: readonly ExampleStory[] = [
  {
    about: 'a shy mouse named Dot who found a button in the garden',
    story:
      'Dot was a shy mouse who lived under the roses. One morning she saw a big red button in the grass. "What is it?" she asked. She pushed it, and it rolled down the path. A snail came by and said, "That looks like a wheel!" So the two friends found three more buttons and an old box. They made a little cart. From that day on Dot was not shy any more, because everyone wanted to ride with her.',
    more: 'The next day the snail asked for a ride to the pond. Dot pulled the cart down the hill, and they went faster and faster. They landed in the soft mud and laughed until the sun went down.',
    shorter: 'A shy mouse found a button, made a cart with a snail, and was not shy any more.',
    lesson: 'Dot learned that it is easy to make friends when you make something together.',
    who: 'There is a shy mouse named Dot and a snail.',
    happy: 'Yes, Dot was happy, because she had a new friend and a cart.',
  },
  {
    about: 'a boy who would not share a ball at the park',
    story:
      'Peter had a new blue ball. He took it to the park and held it tight. "Can we play?" asked two girls. "No," said Peter, "it is mine." So he threw the ball and ran after it, and threw it again. Soon he was tired and a little sad. A ball is no fun alone. Peter walked to the girls and said, "I am sorry. Do you want to play?" They played all day, and Peter laughed more than ever before.',
    more: 'When it was time to go home, the girls gave the ball back to Peter. "Will you come tomorrow?" they asked. "Yes," said Peter, "and you can throw first."',
    shorter: 'A boy kept his ball for himself until he saw that it is more fun to share.',
    lesson: 'Peter learned that it is more fun to share.',
    who: 'There is a boy named Peter, and there are two girls.',
    happy: 'At first Peter was sad, but he was happy when he played with the girls.',
  },
  {
    about: 'an old bear who could not sleep in the snow',
    story:
      'It was winter, and the old bear lay in his cave. The wind was loud, and he could not sleep. He counted the snow flakes, but there were too many. Then a small bird came in. She was cold and wet. "May I stay here?" she asked. The bear made room for her in his warm fur. The bird was so glad that she sang a soft song. The bear closed his eyes. Soon both of them were asleep, and they slept until spring.',
    more: 'In spring the bear woke up, and the sun was warm. The bird was gone, but there was a nest in the tree by the cave. Each evening she sang for him.',
    shorter: 'An old bear could not sleep until a cold bird came in and sang for him.',
    lesson: 'The bear learned that a kind deed can help you, too.',
    who: 'There is an old bear and a small bird.',
    happy: 'Yes, the bear was happy, because he could sleep at last.',
  },
  {
    about: 'a girl named May who wanted to fly a kite on a hill',
    story:
      'May ran up the hill with her yellow kite. She threw it into the air, but it fell down. She tried again, and it fell down again. "I cannot do it," said May, and she sat in the grass. Her grandfather came up the hill very slowly. "You must wait for the wind," he said. So they sat and waited and ate an apple. Then the trees began to move. May jumped up and ran, and the kite flew high over the hill.',
    more: 'The wind grew strong, and the kite pulled at the string. May held it tight, and her grandfather held May. At last they took the kite down and went home to eat soup.',
    shorter: 'A girl could not fly her kite until she waited for the wind.',
    lesson: 'May learned to wait and to try again.',
    who: 'There is a girl named May and her grandfather.',
    happy: 'Yes, May was happy when her kite flew high.',
  },
];
