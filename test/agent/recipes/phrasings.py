"""How people say things: question → what it asks, in the short form of `brief`."""

NAMES = ('mug', 'tape', 'coke_can', 'soup_can', 'keyboard', 'cracker_box', 'tissue_box',
         'joke_book', 'bunny_book', 'monitor', 'heater', 'door', 'desk_lamp')

DISTANCE = {
    'How far is the heater from the door?': 'distance closest heater door',
    'how far is heater from door': 'distance closest heater door',
    'How far is the mug to the tape?': 'distance closest mug tape',
    'How far away is the mug from the tape?': 'distance closest mug tape',
    'How far is the mug away from the tape?': 'distance closest mug tape',
    'Could you tell me how far the heater is from the door?': 'distance closest heater door',
    'Can you please tell me how far the mug is from the door?': 'distance closest mug door',
    'Please measure the distance between the mug and the tape.': 'distance closest mug tape',
    'Distance between mug and tape?': 'distance closest mug tape',
    "What's the distance between the mug and the tape?": 'distance closest mug tape',
    'Whats the distance from the mug to the tape': 'distance closest mug tape',
    'What is the distance of the mug from the tape?': 'distance closest mug tape',
    'What is the closest distance between the mug and the tape?': 'distance closest mug tape',
    'What is the minimum distance from the mug to the door?': 'distance closest mug door',
    'What is the smallest gap between the mug and the tape?': 'distance closest mug tape',
    'What is the straight-line distance between the mug and the door?':
        'distance closest mug door',
    'How far apart are the mug and the tape?': 'distance closest mug tape',
    'How far are the mug and the tape apart?': 'distance closest mug tape',
    'How far are the mug and the tape from each other?': 'distance closest mug tape',
    'How far apart are the keyboard and the mug at their closest points?':
        'distance closest keyboard mug',
    'How far is the mug from the tape (closest points)?': 'distance closest mug tape',
    'How far is the mug from the tape at the nearest point?': 'distance closest mug tape',
    'How close is the mug to the keyboard?': 'distance closest mug keyboard',
    'How close are the mug and the keyboard to each other?': 'distance closest mug keyboard',
    'How close are the mug and the keyboard?': 'distance closest mug keyboard',
    'How much space is there between the mug and the keyboard?': 'distance closest mug keyboard',
    'How much room is between the heater and the door?': 'distance closest heater door',
    'How much distance separates the mug and the tape?': 'distance closest mug tape',
    'What clearance is there between the heater and the door?': 'distance closest heater door',
    'What is the clearance between the heater and the door?': 'distance closest heater door',
    'What is the separation between the heater and the door?': 'distance closest heater door',
    'Tell me the distance between the closest points of the mug and the tape.':
        'distance closest mug tape',
    'How far is the nearest point of the heater from the door?': 'distance closest heater door',
    'What is the surface-to-surface distance between the mug and the tape?':
        'distance closest mug tape',
    'How far is it from the mug to the tape?': 'distance closest mug tape',
    'What is the distance between the centres of the mug and the tape?':
        'distance centres mug tape',
    'What is the distance between the centers of the mug and the tape?':
        'distance centres mug tape',
    'What is the centre-to-centre distance between the mug and the tape?':
        'distance centres mug tape',
    'How far apart are the mug and the tape, centre to centre?': 'distance centres mug tape',
    'How far apart are the mug and the tape between their centres?': 'distance centres mug tape',
    'What is the distance from the centre of the mug to the centre of the tape?':
        'distance centres mug tape',
    'What is the centroid distance between the mug and the tape?': 'distance centres mug tape',
    'How far is the centre of the mug from the camera?': 'distance centres mug camera',
    'What is the gap between the mug and the tape along x?': 'distance gap:x mug tape',
    'What is the gap between the mug and the tape along the z axis?': 'distance gap:z mug tape',
    'What is the gap along the y-axis between the mug and the tape?': 'distance gap:y mug tape',
    'What is the horizontal gap between the mug and the tape?': 'distance gap:horizontal mug tape',
    'What is the vertical distance between the mug and the tape?':
        'distance gap:vertical mug tape',
    'How far apart are the mug and the tape horizontally?': 'distance gap:horizontal mug tape',
    'How far is the mug from the tape vertically?': 'distance gap:vertical mug tape',
    'How far is the mug from the camera?': 'distance closest mug camera',
    'How far is the tissue box from the camera (nearest point)?':
        'distance closest tissue_box camera',
    'How far from the camera is the mug?': 'distance closest mug camera',
    'How far from the camera is the nearest point of the monitor?':
        'distance closest monitor camera',
    'How far away is the mug?': 'distance closest mug camera',
    'How far is the mug?': 'distance closest mug camera',
    'What is the distance to the mug?': 'distance closest mug camera',
    'What is the distance from the camera to the mug?': 'distance closest camera mug',
    'How far are you from the door?': 'distance closest camera door',
    'How far is the door from the robot?': 'distance closest door robot',
    'How far is the robot base from the door?': 'distance closest robot door',
    'How far is the mug from the tape in meters?': 'distance closest mug tape',
    'How far is the mug from the desk lamp, please?': 'distance closest mug desk_lamp',
    'I want to know how far the mug is from the door': 'distance closest mug door',
    'How far is the white mug from the red joke book?': 'distance closest mug joke_book',
    'How far is the roll of tape from the coke can at the front left?':
        'distance closest tape coke_can',
    'How far is the coke can (front left) from the box of crackers?':
        'distance closest coke_can cracker_box',
    'How far is the can of soup from the tape roll?': 'distance closest soup_can tape',
    'How far is coke_can from cracker_box?': 'distance closest coke_can cracker_box',
    'How far is the lamp from the tissues?': 'distance closest desk_lamp tissue_box',
    'How far is the mug on the left from the door?': 'distance closest mug door',
    'How far apart are the two books?': 'distance closest joke_book bunny_book',
    'What is the distance between the two books (closest points)?':
        'distance closest joke_book bunny_book',
    'What is the gap between both books?': 'distance closest joke_book bunny_book',
    'How far are the two mugs apart?': 'distance closest mug mug',
    'How far is the mug from the table?': 'distance closest mug table',
}

POSITION = {
    'Where is the mug?': 'position mug',
    'Where is the mug in the camera frame?': 'position mug @camera',
    'Where is the mug in the world frame?': 'position mug @world',
    'Where is the mug in base_link?': 'position mug @base_link',
    'Where is the centre of the visible mug (camera frame)?': 'position centre:mug @camera',
    'Could you tell me where the mug is?': 'position mug',
    'Where exactly is the mug?': 'position mug',
    'Where is the mug located?': 'position mug',
    'What is the position of the mug?': 'position mug',
    "What is the mug's position?": 'position mug',
    'What are the coordinates of the mug in the camera frame?': 'position mug @camera',
    'What is the location of the mug in world coordinates?': 'position mug @world',
    'What is the 3D position of the mug?': 'position mug',
    'What is the centre of the mug in the camera frame?': 'position centre:mug @camera',
    'What is the centroid of the mug?': 'position mug',
    'Where is the top of the mug?': 'position top:mug',
    'What is the world z of the top of the tissue box?': 'position top:tissue_box @world .z',
    'What is the z coordinate of the mug?': 'position mug .z',
    'What is the x-coordinate of the mug in the camera frame?': 'position mug @camera .x',
    'What is the y position of the centre of the mug in the world frame?':
        'position centre:mug @world .y',
    'Find the position of the mug': 'position mug',
    'At what position is the mug?': 'position mug',
}

SIZE = {
    'How tall is the mug?': 'size height mug',
    'How high is the mug?': 'size height mug',
    'What is the height of the mug?': 'size height mug',
    "What's the mug's height?": 'size height mug',
    'Could you tell me how tall the mug is?': 'size height mug',
    'Height of the mug?': 'size height mug',
    'How wide is the keyboard?': 'size width keyboard',
    'How wide is the front face of the blue tissue box?': 'size width tissue_box',
    'What is the width of the keyboard?': 'size width keyboard',
    'How broad is the keyboard?': 'size width keyboard',
    'How long is the keyboard (its longest side)?': 'size longest keyboard',
    'How long is the keyboard?': 'size longest keyboard',
    'What is the length of the keyboard?': 'size longest keyboard',
    'What is the longest side of the cracker box?': 'size longest cracker_box',
    'What is the longest edge of the cracker box?': 'size longest cracker_box',
    'What is the longest dimension of the cracker box?': 'size longest cracker_box',
    'What is the longest horizontal edge of the cracker box?':
        'size longest_horizontal cracker_box',
    'How long is the longest side of the cracker box?': 'size longest cracker_box',
    'How big is the cracker box?': 'size size cracker_box',
    'How large is the cracker box?': 'size size cracker_box',
    'What is the size of the cracker box?': 'size size cracker_box',
    'What are the dimensions of the cracker box?': 'size size cracker_box',
    'What height does the mug have?': 'size height mug',
    'How tall is the mug as it stands?': 'size height mug',
    'How tall is the mug in metres?': 'size height mug',
}

HEIGHT = {
    'How tall is the front-left coke can above the desk?': 'height coke_can desk',
    'How high above the table is the top of the cracker box?': 'height top:cracker_box table',
    'How high is the mug above the table?': 'height mug table',
    'How high is the top of the mug above its support?': 'height top:mug -',
    'How high is the camera above the table plane?': 'height camera table plane',
    'How high is the camera above the desk?': 'height camera desk',
    'How high above the floor is the camera?': 'height camera floor',
    'What is the height of the camera above the table?': 'height camera table',
    'What is the height of the camera?': 'height camera -',
    'How high is the camera?': 'height camera -',
    'What is the height of the mug above the wooden table?': 'height mug wooden table',
    'At what height above the floor is the mug?': 'height mug floor',
    'How far above the table is the top of the mug?': 'height top:mug table',
    'How high above the keyboard is the top of the mug?': 'height top:mug keyboard',
}

DIRECTION = {
    'Is the mug left or right of the tape?': 'direction mug tape left/right',
    'Seen from the camera, is the mug left or right of the tape?':
        'direction mug tape left/right from camera',
    'Seen from the camera, is the mug to the left or to the right of the tape?':
        'direction mug tape left/right from camera',
    'From the camera, is the mug to the left or right of the tape?':
        'direction mug tape left/right from camera',
    "From the camera's point of view, is the mug left or right of the tape?":
        'direction mug tape left/right from camera',
    'As seen from the robot, is the mug left or right of the tape?':
        'direction mug tape left/right from robot',
    'Is the mug to the right or to the left of the tape, seen from the camera?':
        'direction mug tape right/left from camera',
    'Is the mug on the left or on the right of the tape?': 'direction mug tape left/right',
    'Is the mug on the left side or the right side of the tape?': 'direction mug tape left/right',
    'Is the mug in front of or behind the tape?': 'direction mug tape front/behind',
    'Is the mug behind or in front of the tape?': 'direction mug tape behind/front',
    'Is the mug above or below the tape?': 'direction mug tape above/below',
    'In the image, is the mug left or right of the tape?':
        'direction mug tape left/right from camera',
    'On which side of the tape is the mug?': 'direction mug tape',
    'Which side of the tape is the mug on?': 'direction mug tape',
    'Where is the mug relative to the tape?': 'direction mug tape',
    'Where is the mug with respect to the tape?': 'direction mug tape',
    'In which direction is the mug from the tape?': 'direction mug tape',
    'Is the mug left of the tape?': 'direction mug tape left?',
    'Is the mug to the right of the tape?': 'direction mug tape right?',
    'Is the mug behind the tape?': 'direction mug tape behind?',
    'Is the mug in front of the tape?': 'direction mug tape front?',
    'Is the mug below the desk lamp?': 'direction mug desk_lamp below?',
    'Does the mug stand to the left of the tape?': 'direction mug tape left?',
    'Looking from the camera, is the mug located to the left of the tape?':
        'direction mug tape left? from camera',
}

WHICH = {
    'Which of mug, tape and keyboard is nearest to the camera?':
        'which near mug,tape,keyboard ref camera',
    'Which of the mug, the tape and the keyboard is closest to the door?':
        'which near mug,tape,keyboard ref door',
    'Of the keyboard, the mug and the tape, which is nearest (closest points) to the door?':
        'which near keyboard,mug,tape ref door',
    'Which is closer to the camera, the mug or the tape?': 'which near mug,tape ref camera',
    'Which one is farther from the door: the mug or the tape?': 'which far mug,tape ref door',
    'Which is nearer to the door, the mug or the tape?': 'which near mug,tape ref door',
    'Is the mug or the tape closer to the door?': 'which near mug,tape ref door',
    'What is closer to the door, the mug or the tape?': 'which near mug,tape ref door',
    'Which is taller, the mug or the tape?': 'which tall mug,tape',
    'Which is the tallest, the mug, the tape or the door?': 'which tall mug,tape,door',
    'Which of the mug, the tape and the door is the tallest?': 'which tall mug,tape,door',
    'Which is higher above the table, the mug or the cracker box as it lies?':
        'which high mug,cracker_box above table',
    'Which is bigger, the mug or the tape?': 'which big mug,tape',
    'Which is the largest of the mug, the tape and the door?': 'which big mug,tape,door',
    'Which of the two is smaller, the mug or the tape?': 'which small mug,tape',
    'Which is smaller, the mug or the tape?': 'which small mug,tape',
    'Which of the mug and the tape is wider?': 'which wide mug,tape',
    'Which book is nearest to the mug?': 'which near joke_book,bunny_book ref mug',
    'Which book is closer to the camera?': 'which near joke_book,bunny_book ref camera',
    'Which book is the tallest?': 'which tall joke_book,bunny_book',
    'Which can in the bin is the farthest from the camera?':
        'which far coke_can,soup_can ref camera',
    'What is the farthest can from the camera?': 'which far coke_can,soup_can ref camera',
    'Which can is leftmost?': 'which left coke_can,soup_can',
    'Which can is farthest to the right?': 'which right coke_can,soup_can',
    'Name the tallest can on the table': 'which tall coke_can,soup_can',
    'Among the mug, the tape and the door, which one is the farthest from the camera?':
        'which far mug,tape,door ref camera',
    'Is the mug taller than the tape?': 'compare tall mug tape',
    'Is the mug closer to the door than the tape?': 'compare near mug tape ref door',
    'Is the mug closer to the camera than the tape is?': 'compare near mug tape ref camera',
    'Is the mug bigger than the tape?': 'compare big mug tape',
}

COUNT = {
    'How many books are in the bin?': 'count joke_book,bunny_book',
    'How many books are there?': 'count joke_book,bunny_book',
    'How many cans are on the table?': 'count coke_can,soup_can',
    'How many coke cans are on the desk?': 'count coke_can',
    'How many mugs do you see?': 'count mug',
    'How many cans can you see?': 'count coke_can,soup_can',
    'How many cans are there in the scene?': 'count coke_can,soup_can',
    'How many cans are visible?': 'count coke_can,soup_can',
    'What is the number of books in the bin?': 'count joke_book,bunny_book',
    'Count the books.': 'count joke_book,bunny_book',
    'How many books does the bin contain?': 'count joke_book,bunny_book',
    'Could you tell me how many books are in the bin?': 'count joke_book,bunny_book',
    'How many boxes are lying on the floor?': 'count cracker_box,tissue_box',
}

SUPPORT = {
    'Is the mug on the table?': 'support mug table',
    'Is the mug on the joke book?': 'support mug joke_book',
    'Is the mug on top of the joke book?': 'support mug joke_book',
    'Is the mug standing on the desk?': 'support mug desk',
    'Is the mug resting on the cracker box?': 'support mug cracker_box',
    'Does the mug stand on the cracker box?': 'support mug cracker_box',
    'Is the mug supported by the cracker box?': 'support mug cracker_box',
}

ANGLE = {
    'By how many degrees does the bunny book lean from the vertical (world z is up)?':
        'angle bunny_book vertical',
    'How much does the bunny book lean?': 'angle bunny_book vertical',
    'How many degrees does the bunny book tilt from the vertical?':
        'angle bunny_book vertical',
    'How tilted is the bunny book?': 'angle bunny_book vertical',
    'What is the tilt of the bunny book?': 'angle bunny_book vertical',
    "What is the bunny book's lean from the vertical?": 'angle bunny_book vertical',
    'What angle does the bunny book make with the vertical?': 'angle bunny_book vertical',
    'At what angle is the bunny book leaning?': 'angle bunny_book vertical',
    'By how much is the monitor tilted from the vertical?': 'angle monitor vertical',
    'What is the inclination of the table against the horizontal?':
        'angle table horizontal',
    'What is the angle between the camera viewing axis and the desk surface?':
        'angle desk surface camera_axis',
    "What is the angle between the table and the camera's optical axis?":
        'angle table camera_axis',
    'What is the angle between the bunny book and the vertical?': 'angle bunny_book vertical',
    'What is the angle between the viewing axis of the camera and the table surface?':
        'angle table surface camera_axis',
    'How steep is the table?': 'angle table horizontal',
}

COVERED = (DISTANCE | POSITION | SIZE | HEIGHT | DIRECTION | WHICH | COUNT | SUPPORT | ANGLE)
